namespace Millrace.Simulation.Seeds;

/// <summary>Makes a failing seed small: fewer orders, fewer kinds of faults, as long as the same promise is broken.</summary>
public static class Shrinker
{
    private const int TraceLimit = 400;

    /// <summary>The smallest world found in which the invariant still breaks, run with a trace.</summary>
    public static (SeedSettings Settings, SeedResult Result) Shrink(SeedResult failure, SeedSettings settings)
    {
        var invariant = failure.Report.Violations[0].Invariant;
        var smallest = settings with { Plan = failure.Plan };
        bool Fails(SeedSettings candidate) =>
            SeedResult.Run(failure.Seed, candidate).Report.Violations.Any(v => v.Invariant == invariant);

        foreach (var kind in failure.Plan.Kinds.ToList())
        {
            var candidate = smallest with { Plan = smallest.Plan!.Without(kind) };
            if (Fails(candidate))
                smallest = candidate;
        }

        for (var orders = smallest.Orders / 2; orders > 0; orders /= 2)
        {
            var candidate = smallest with { Orders = orders };
            if (!Fails(candidate))
                break;
            smallest = candidate;
        }

        smallest = smallest with { TraceLimit = TraceLimit };
        return (smallest, SeedResult.Run(failure.Seed, smallest));
    }
}
