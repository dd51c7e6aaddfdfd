namespace Millrace.Client.Auditor;

/// <summary>What the asked node's auditor has checked, and found, since the node was started.</summary>
/// <param name="RowsPerSecond">What it may read; 0 when it is off.</param>
/// <param name="Sweep">The look at every order and item that is under way; null between two.</param>
/// <param name="LastSweep">The last that saw everything; null before the first.</param>
/// <param name="Orders">Orders that were checked.</param>
/// <param name="ChangedOrders">Those of them that were checked because they had changed.</param>
/// <param name="Items">Items that were checked.</param>
/// <param name="TurnsSkipped">Turns that were left out because the node or its store had enough to do.</param>
/// <param name="Violations">Different ones.</param>
/// <param name="Findings">The last of them, newest first.</param>
public sealed record AuditorReport(
    string Node, int RowsPerSecond, AuditorSweep? Sweep, AuditorSweep? LastSweep, long Orders, long ChangedOrders, long Items, long TurnsSkipped,
    long Violations, IReadOnlyList<AuditorFinding> Findings);

/// <param name="EndedAt">Null while it goes on.</param>
/// <param name="Partitions">How many partitions it is about: those that the node had when it began.</param>
/// <param name="Orders">Orders that were checked so far.</param>
/// <param name="Items">Items that were checked so far.</param>
public sealed record AuditorSweep(DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Partitions, long Orders, long Items);

/// <summary>A promise that a stored row does not keep.</summary>
/// <param name="At">When it was found first.</param>
/// <param name="Invariant">Its number in the table of guarantees.</param>
/// <param name="Promise">The same in words.</param>
/// <param name="Subject">The order, or tenant and SKU.</param>
/// <param name="What">What was found.</param>
public sealed record AuditorFinding(DateTimeOffset At, int Invariant, string Promise, string Subject, string What);
