using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>The endpoint that only parses, driven just before and after.</summary>
internal sealed record NoopYardstick(LoadResult Before, LoadResult After)
{
    // Two looks at the same thing that differ by more tell of the machine, not of us.
    private const double MaxDrift = 0.10;

    public double PerSecond => (Before.PerSecond + After.PerSecond) / 2;

    public double Drift => PerSecond > 0 ? Math.Abs(After.PerSecond - Before.PerSecond) / PerSecond : 1;

    public bool IsNoisy => Drift > MaxDrift;
}

/// <param name="Steady">As the server counted it.</param>
/// <param name="Load">As the load generator saw it.</param>
internal sealed record PlaceResult(Window Steady, LoadResult Load, double DiskBytesPerOrder)
{
    /// <summary>Null with the open loop.</summary>
    public NoopYardstick? Noop { get; init; }

    public int Violations { get; init; }

    public double? RatioToNoop => Noop is { PerSecond: > 0 } ? Steady.OrdersPerSecond / Noop.PerSecond : null;
}
