namespace Millrace.Client.Overview;

/// <param name="Data">Oldest first.</param>
public sealed record NodeOverview(string Node, IReadOnlyList<NodePoint> Data);

/// <summary>What a node did in a second, or in as many as were asked for. Rates are per second.</summary>
/// <param name="AcceptMs">From an order's request to its durable answer; null when none was accepted.</param>
/// <param name="SettleMs">From placed to confirmed or ended; null when none was.</param>
/// <param name="CommitMs">Of a group commit; null for none.</param>
/// <param name="Unfinished">Orders that should move.</param>
/// <param name="OldestS">Age of the oldest of them, in seconds.</param>
/// <param name="Unserved">Partitions that no node serves, as far as this one knows.</param>
public sealed record NodePoint(
    DateTimeOffset At, double Placed, double Refused, double Unavailable, double Confirmed, double Ended,
    Percentiles? AcceptMs, Percentiles? SettleMs, Percentiles? CommitMs, double Commits, double Payments, double PaymentsUnknown,
    long Unfinished, double OldestS, long Inside, long Waiting, bool BreakerOpen, long Unserved);

/// <summary>As near as the buckets of the node's histograms are.</summary>
public sealed record Percentiles(double P50, double P95, double P99);
