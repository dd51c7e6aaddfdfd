namespace Millrace.Api.Auditing;

/// <summary>A look at every order and item of the partitions that this node had when it began.</summary>
/// <param name="StartedAt">When.</param>
/// <param name="EndedAt">Null while it goes on, or when it could not see everything.</param>
/// <param name="Partitions">How many it is about.</param>
/// <param name="Orders">Orders that were checked so far.</param>
/// <param name="Items">Items that were checked so far.</param>
public sealed record AuditorSweep(DateTimeOffset StartedAt, DateTimeOffset? EndedAt, int Partitions, long Orders, long Items);

/// <summary>A promise that a stored row does not keep.</summary>
/// <param name="At">When it was found first.</param>
/// <param name="Invariant">Its number in <c>docs/guarantees.md</c>.</param>
/// <param name="Promise">The same in words.</param>
/// <param name="Subject">The order, or tenant and SKU.</param>
/// <param name="What">What was found.</param>
public sealed record AuditorFinding(DateTimeOffset At, int Invariant, string Promise, string Subject, string What);

/// <summary>How far the auditor of this node is, and what it found since the node was started.</summary>
/// <param name="RowsPerSecond">What it may read; 0 when it is off.</param>
/// <param name="Sweep">The one under way; null between two.</param>
/// <param name="LastSweep">The last that saw everything; null before the first.</param>
/// <param name="Orders">Orders that were checked, in sweeps and after changes.</param>
/// <param name="ChangedOrders">Those of them that were checked because they had changed.</param>
/// <param name="Items">Items that were checked.</param>
/// <param name="TurnsSkipped">Turns that were left out because the node or its store had enough to do.</param>
/// <param name="Violations">Different ones.</param>
/// <param name="Findings">The last of them, newest first.</param>
public sealed record AuditorStatus(
    int RowsPerSecond, AuditorSweep? Sweep, AuditorSweep? LastSweep, long Orders, long ChangedOrders, long Items, long TurnsSkipped,
    long Violations, IReadOnlyList<AuditorFinding> Findings);

/// <summary>The port through which the edge knows the auditor. Thread-safe.</summary>
public delegate AuditorStatus AuditorReader();
