namespace Millrace.Cli.Bench.Load;

/// <summary>Percentiles of answers, in milliseconds, as the client saw them; NaN of none.</summary>
internal readonly record struct Latency(double P50Ms, double P99Ms, double P999Ms, double MaxMs);

/// <summary>What a load generator did.</summary>
/// <param name="Requests">Answered, whatever the answer.</param>
/// <param name="Refused">Of these, by other than 2xx.</param>
/// <param name="Unanswered">Timed out or broken off; they are in no percentile: how long they would have taken, nobody knows.</param>
/// <param name="Latency">Of the accepted, unless <paramref name="IsLatencyOfAll"/>.</param>
/// <param name="IsLatencyOfAll">Of all answers: a server that refuses at once looks fast.</param>
internal readonly record struct LoadResult(long Requests, long Refused, long Unanswered, TimeSpan Duration, Latency Latency, bool IsLatencyOfAll)
{
    public long Failed => Refused + Unanswered;

    /// <summary>Whose percentiles they are, in words.</summary>
    public string LatencyOf => IsLatencyOfAll && Refused > 0 ? "all answers" : "accepted";

    public double PerSecond => Duration > TimeSpan.Zero ? Requests / Duration.TotalSeconds : 0;
}
