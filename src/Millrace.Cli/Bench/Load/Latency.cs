namespace Millrace.Cli.Bench.Load;

/// <summary>Percentiles of accepting, in milliseconds, as the client saw them.</summary>
internal readonly record struct Latency(double P50Ms, double P99Ms, double P999Ms, double MaxMs);

/// <summary>What a load generator did.</summary>
/// <param name="Requests">Answered.</param>
/// <param name="Failed">Answered by other than 2xx, timed out or broken off.</param>
internal readonly record struct LoadResult(long Requests, long Failed, TimeSpan Duration, Latency Latency)
{
    public double PerSecond => Duration > TimeSpan.Zero ? Requests / Duration.TotalSeconds : 0;
}
