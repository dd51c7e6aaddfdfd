using System.Text.Json.Serialization;
using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Cluster;

/// <param name="PayloadFormat">What the cluster writes.</param>
public sealed record Nodes(IReadOnlyList<Node> Data, int PayloadFormat);

/// <param name="Drained">It shall own nothing.</param>
/// <param name="Partitions">How many it owns, as far as the asked node knows.</param>
/// <param name="Version">What it runs; null when it does not say.</param>
public sealed record Node(string Name, string Address, string Status, bool Drained, int Partitions, string? Version = null);

/// <param name="Number">Its number.</param>
/// <param name="Node">The owner's name; null while it moves.</param>
public sealed record Partition([property: JsonPropertyName("partition")] int Number, string? Node, string State);

/// <param name="Behind">Nodes that keep it from being newer.</param>
public sealed record PayloadFormat([property: JsonPropertyName("payload_format")] int Number, IReadOnlyList<string> Behind);

/// <summary>Nodes and partitions; needs the scope <c>system:operate</c>.</summary>
public sealed class ClusterClient
{
    private readonly Sender _sender;

    internal ClusterClient(Sender sender) => _sender = sender;

    [Operation("list_nodes")]
    public Task<Answer<Nodes>> ListNodesAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/cluster/nodes", options), ClientJson.Default.Nodes, cancellation);

    [Operation("list_partitions")]
    public Task<Answer<Listing<Partition>>> ListPartitionsAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/cluster/partitions", options), ClientJson.Default.ListingPartition, cancellation);

    /// <summary>Takes the partitions from a node.</summary>
    [Operation("drain_node")]
    public Task<Answer<Nodes>> DrainAsync(string name, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/cluster/nodes/{name}/drained", options), ClientJson.Default.Nodes, cancellation);

    /// <summary>Lets a node own partitions again.</summary>
    [Operation("undrain_node")]
    public Task<Answer<Nodes>> UndrainAsync(string name, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/cluster/nodes/{name}/drained", options), ClientJson.Default.Nodes, cancellation);

    /// <summary>Writes the newest payload format that all nodes can read.</summary>
    [Operation("raise_payload_format")]
    public Task<Answer<PayloadFormat>> RaisePayloadFormatAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/cluster/payload-format", options), ClientJson.Default.PayloadFormat, cancellation);
}
