using HdrHistogram;

namespace Millrace.Cli.Bench.Overload;

/// <summary>What callers saw in some seconds together. Percentiles tell of the accepted alone, so what was not accepted stands beside them.</summary>
/// <param name="Accepted">A second.</param>
/// <param name="Refused">Answers a second that refused, for too much work (503) or for a quota (429).</param>
/// <param name="GivenUp">Orders a second that their callers wanted no more before they could send them.</param>
/// <param name="Failed">Other answers and broken connections, in all: there should be none.</param>
/// <param name="P99Ms">Of the accepted, from asking to the answer.</param>
/// <param name="SinceDueP99Ms">From when the order was due: the wait for a connection of its caller is in it.</param>
internal sealed record Seen(double Accepted, double Refused, double GivenUp, long Failed, double? P50Ms, double? P99Ms, double? SinceDueP99Ms)
{
    /// <param name="seconds">At least one.</param>
    public static Seen Of(IReadOnlyCollection<Second> seconds)
    {
        var (asked, due) = (NewHistogram(), NewHistogram());
        foreach (var second in seconds)
        {
            asked.Add(second.SinceAsked);
            due.Add(second.SinceDue);
        }

        return new Seen(
            seconds.Average(second => (double)second.Accepted), seconds.Average(second => (double)(second.Refused + second.Limited)), seconds.Average(second => (double)second.GivenUp),
            seconds.Sum(second => second.Failed), Ms(asked, 50), Ms(asked, 99), Ms(due, 99));
    }

    /// <returns>Null when nothing was accepted.</returns>
    public static double? Ms(HistogramBase latency, double percentile) => latency.TotalCount > 0 ? latency.GetValueAtPercentile(percentile) / 1e3 : null;

    private static LongHistogram NewHistogram() => new(1, Second.MostMicroseconds, 2);
}
