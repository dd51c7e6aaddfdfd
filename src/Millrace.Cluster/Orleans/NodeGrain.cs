using Millrace.Cluster.Peers;
using Millrace.Engine.Codec;
using Orleans.Concurrency;

namespace Millrace.Cluster.Orleans;

/// <summary>One life of one node, by its name: takes the envelopes of the others.</summary>
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Returns once the envelope is handed on; what it asks for is answered by an envelope of its own.</summary>
    [AlwaysInterleave]
    Task ReceiveAsync(string from, byte[] envelope);

    /// <summary>The newest payload format that the node can read.</summary>
    [AlwaysInterleave]
    Task<int> NewestFormatAsync();

    /// <summary>The store's payload format was raised.</summary>
    [AlwaysInterleave]
    Task LearnFormatAsync(int format);
}

/// <summary>Placed on its node by its name. Where the first call to come places it, a call that came before the node's own would keep it for ever.</summary>
[NodePlacement]
[global::Orleans.KeepAlive]
internal sealed class NodeGrain(PeerLinks links, PartitionRuntime runtime) : Grain, INodeGrain
{
    public Task ReceiveAsync(string from, byte[] envelope)
    {
        links.Receive(from, envelope);
        return Task.CompletedTask;
    }

    public Task<int> NewestFormatAsync() => Task.FromResult(PayloadFormat.Newest);

    public Task LearnFormatAsync(int format)
    {
        runtime.Learn(format);
        return Task.CompletedTask;
    }
}
