using Millrace.Cluster.Orleans;

namespace Millrace.Tests.EndToEnd;

/// <summary>Which node owns which partition, as a node of the cluster tells an operator.</summary>
internal static class Owners
{
    /// <returns>By partition; null where none serves.</returns>
    public static async Task<string?[]> OfAsync(ApiClient api) =>
        [.. (await api.GetAsync("/v1/cluster/partitions"))["data"].AsArray().Select(p => (string?)p!["node"])];

    /// <summary>Waits until every partition is where it belongs: none is still to move.</summary>
    /// <param name="nodes">All of them: the name and the address within the cluster.</param>
    public static Task AreChosenAsync(ApiClient api, TimeSpan within, params (string Name, string Address)[] nodes) => Eventually.Async(
        async () => (await OfAsync(api)).Index().All(p => p.Item == RendezvousPlacement.Choose(p.Index, nodes, n => n.Address).Name),
        "the nodes share the partitions",
        within);
}
