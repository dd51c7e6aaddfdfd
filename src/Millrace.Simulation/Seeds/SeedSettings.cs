using Millrace.Simulation.Faults;

namespace Millrace.Simulation.Seeds;

/// <param name="Orders">How many orders are placed.</param>
/// <param name="Plan">Which faults strike; null for those that the seed draws.</param>
/// <param name="TraceLimit">How many of the last happenings are kept; 0 for none, which is faster.</param>
public sealed record SeedSettings(int Orders = 200, FaultPlan? Plan = null, int TraceLimit = 0);
