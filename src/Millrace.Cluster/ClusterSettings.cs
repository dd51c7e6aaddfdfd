namespace Millrace.Cluster;

/// <summary>Where the nodes of a cluster keep what an operator sets for all of them.</summary>
/// <param name="ReadDrained">The names of the nodes that shall own nothing.</param>
/// <param name="SetDrained">Sets that for one node.</param>
/// <param name="RaiseFormat">Sets the payload format that owners write from their next claim on; returns the one that holds.</param>
public sealed record ClusterSettings(
    Func<CancellationToken, Task<IReadOnlySet<string>>> ReadDrained,
    Func<string, bool, CancellationToken, Task> SetDrained,
    Func<int, CancellationToken, Task<int>> RaiseFormat);
