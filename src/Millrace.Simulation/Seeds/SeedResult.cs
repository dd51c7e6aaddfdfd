using Millrace.Simulation.Checkers;
using Millrace.Simulation.Faults;

namespace Millrace.Simulation.Seeds;

/// <summary>What one seed came to.</summary>
public sealed class SeedResult
{
    public required ulong Seed { get; init; }

    public required FaultPlan Plan { get; init; }

    public required CheckReport Report { get; init; }

    public required Coverage Coverage { get; init; }

    /// <summary>Orders that the journal has.</summary>
    public required long Orders { get; init; }

    /// <summary>Equal for equal seeds.</summary>
    public required UInt128 Digest { get; init; }

    /// <summary>The last happenings, when a trace was asked for.</summary>
    public required IReadOnlyCollection<string> Trace { get; init; }

    /// <summary>The violations with the events around them; empty when there are none.</summary>
    public required string Text { get; init; }

    /// <summary>Runs one seed to its end or to its first violation. Pure: equal arguments give equal results.</summary>
    public static SeedResult Run(ulong seed, SeedSettings settings)
    {
        var world = new World(seed, settings);
        world.Run();
        return new SeedResult
        {
            Seed = seed,
            Plan = world.Plan,
            Report = world.Report,
            Coverage = world.Coverage,
            Orders = world.OrderCount,
            Digest = world.Digest(),
            Trace = world.Trace?.Lines ?? [],
            Text = world.Text(),
        };
    }
}
