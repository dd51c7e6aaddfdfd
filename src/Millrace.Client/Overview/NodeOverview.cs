namespace Millrace.Client.Overview;

/// <param name="UnsafeSettings">Settings in use that are not for production.</param>
/// <param name="PausedPsps">Payment providers that are paused.</param>
/// <param name="PausedTenants">Merchants of whom no new order is taken.</param>
/// <param name="Data">Oldest first.</param>
public sealed record NodeOverview(string Node, IReadOnlyList<string> UnsafeSettings, IReadOnlyList<string> PausedPsps, IReadOnlyList<string> PausedTenants, IReadOnlyList<NodePoint> Data);

/// <summary>What a node did in a second, or in as many as were asked for. Rates are per second.</summary>
/// <param name="AcceptMs">From an order's request to its durable answer; null when none was accepted.</param>
/// <param name="SettleMs">From placed to confirmed or ended; null when none was.</param>
/// <param name="CommitMs">Of a group commit; null for none.</param>
/// <param name="Unfinished">Orders that should move.</param>
/// <param name="OldestS">Age of the oldest of them, in seconds.</param>
/// <param name="WaitingOldestS">For how long the oldest request has waited for its turn, in seconds; 0 for none.</param>
/// <param name="Unserved">Partitions that no node serves, as far as this one knows.</param>
/// <param name="LaneWaiting">Inputs that wait for a lane.</param>
/// <param name="LaneWaitingOldestS">For how long the oldest of them has, in seconds; 0 for none.</param>
/// <param name="PaymentsInside">Calls to payment providers that are under way.</param>
/// <param name="Stages">The unfinished orders, by what they wait for.</param>
/// <param name="AcceptBudgetLeft">Of what part of the orders may be turned away, what part is left, over the node's last hour or since its start; null while no order was asked for.</param>
public sealed record NodePoint(
    DateTimeOffset At, double Placed, double Refused, double Unavailable, double Confirmed, double Ended,
    Percentiles? AcceptMs, Percentiles? SettleMs, Percentiles? CommitMs, double Commits, double Payments, double PaymentsUnknown,
    long Unfinished, double OldestS, long Inside, long Waiting, double WaitingOldestS, bool BreakerOpen, long Unserved,
    long LaneWaiting, double LaneWaitingOldestS, long PaymentsInside, IReadOnlyList<StageBacklog> Stages, double? AcceptBudgetLeft);

/// <param name="Stage"><c>external_id</c> or <c>stock</c> (another partition), <c>payment</c> (the provider, or the next attempt there), or <c>next</c>: younger than three seconds, or moving.</param>
/// <param name="Waiting">Orders.</param>
/// <param name="OldestS">Age of the oldest, in seconds; 0 for none.</param>
public sealed record StageBacklog(string Stage, long Waiting, double OldestS);

/// <summary>As near as the buckets of the node's histograms are.</summary>
public sealed record Percentiles(double P50, double P95, double P99);
