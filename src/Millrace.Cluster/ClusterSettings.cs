namespace Millrace.Cluster;

/// <summary>What an operator may set for all nodes that share a store.</summary>
/// <param name="RaiseFormat">Sets the payload format that owners write from their next claim on, which they make for it; returns the one that holds.</param>
public sealed record ClusterSettings(Func<int, CancellationToken, Task<int>> RaiseFormat);
