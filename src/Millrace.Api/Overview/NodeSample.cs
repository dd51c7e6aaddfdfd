namespace Millrace.Api.Overview;

/// <summary>What this node did in a second or a few, as its own metrics tell it. Rates are per second.</summary>
/// <param name="At">The end.</param>
/// <param name="Placed">Orders accepted.</param>
/// <param name="Refused">Orders that the caller has to change before they can be taken.</param>
/// <param name="Unavailable">Orders that could not be taken then: too much, or a partition moved.</param>
/// <param name="Confirmed">Orders that became confirmed.</param>
/// <param name="Ended">Orders that ended otherwise.</param>
/// <param name="Accept">From request to durable answer; null when nothing was accepted.</param>
/// <param name="Settle">From placed to confirmed or ended; null when nothing was.</param>
/// <param name="Commit">Of a group commit; null for none.</param>
/// <param name="Commits">Group commits.</param>
/// <param name="Payments">Calls to payment providers that ended.</param>
/// <param name="PaymentsUnknown">Those of them whose outcome is not known yet.</param>
/// <param name="Unfinished">Orders that should move.</param>
/// <param name="OldestSeconds">Age of the oldest of them.</param>
/// <param name="Inside">Requests that are worked on.</param>
/// <param name="Waiting">Requests that wait for their turn.</param>
/// <param name="IsBreakerOpen">Calls to the payment provider are held back.</param>
/// <param name="Unserved">Partitions that no node serves, as far as this one knows.</param>
/// <param name="LaneWaiting">Inputs that wait for a lane.</param>
/// <param name="PaymentsInside">Calls to payment providers that are under way.</param>
/// <param name="Seconds">How long it is.</param>
internal sealed record NodeSample(
    DateTimeOffset At,
    double Placed, double Refused, double Unavailable, double Confirmed, double Ended,
    Percentiles? Accept, Percentiles? Settle, Percentiles? Commit, double Commits,
    double Payments, double PaymentsUnknown,
    long Unfinished, double OldestSeconds, long Inside, long Waiting, bool IsBreakerOpen, long Unserved,
    long LaneWaiting, long PaymentsInside, double Seconds)
{
    /// <summary>Of the error budget of accepting orders, over what this node remembers: 1 is untouched, 0 spent, null while no order was asked for.</summary>
    public double? AcceptBudgetLeft { get; init; }

    /// <summary>For how long the oldest request has waited for its turn; 0 for none.</summary>
    public double WaitingSeconds { get; init; }

    /// <summary>For how long the oldest input has waited for its lane; 0 for none.</summary>
    public double LaneWaitingSeconds { get; init; }

    /// <summary>Of the unfinished orders, by what they wait for.</summary>
    public IReadOnlyList<StageSample> Stages { get; init; } = [];

    /// <summary>Several as one: rates are averaged, percentiles are the worst seen, states are the last.</summary>
    public static NodeSample Of(IReadOnlyList<NodeSample> samples) => samples[^1] with
    {
        Placed = samples.Average(s => s.Placed),
        Refused = samples.Average(s => s.Refused),
        Unavailable = samples.Average(s => s.Unavailable),
        Confirmed = samples.Average(s => s.Confirmed),
        Ended = samples.Average(s => s.Ended),
        Accept = Percentiles.Worst(samples.Select(s => s.Accept)),
        Settle = Percentiles.Worst(samples.Select(s => s.Settle)),
        Commit = Percentiles.Worst(samples.Select(s => s.Commit)),
        Commits = samples.Average(s => s.Commits),
        Payments = samples.Average(s => s.Payments),
        PaymentsUnknown = samples.Average(s => s.PaymentsUnknown),
        OldestSeconds = samples.Max(s => s.OldestSeconds),
        WaitingSeconds = samples.Max(s => s.WaitingSeconds),
        LaneWaitingSeconds = samples.Max(s => s.LaneWaitingSeconds),
        Seconds = samples.Sum(s => s.Seconds),
    };
}

/// <param name="Stage">As in <see cref="Millrace.Cluster.Lanes.LaneMetrics.Stages"/>.</param>
/// <param name="OldestSeconds">0 for none.</param>
internal readonly record struct StageSample(string Stage, long Waiting, double OldestSeconds);

/// <summary>In milliseconds, as near as the histogram's buckets are.</summary>
internal readonly record struct Percentiles(double P50, double P95, double P99)
{
    public static Percentiles? Worst(IEnumerable<Percentiles?> all)
    {
        Percentiles? worst = null;
        foreach (var each in all)
        {
            if (each is { } one)
                worst = worst is { } other ? new(Math.Max(one.P50, other.P50), Math.Max(one.P95, other.P95), Math.Max(one.P99, other.P99)) : one;
        }

        return worst;
    }
}
