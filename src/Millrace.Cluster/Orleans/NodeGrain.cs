using Millrace.Cluster.Peers;
using Orleans.Concurrency;

namespace Millrace.Cluster.Orleans;

/// <summary>One life of one node, by its name: takes the envelopes of the others.</summary>
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Called by the node itself, so that the grain lives on it.</summary>
    Task StartAsync();

    /// <summary>Returns once the envelope is handed on; what it asks for is answered by an envelope of its own.</summary>
    [AlwaysInterleave]
    Task ReceiveAsync(string from, byte[] envelope);
}

/// <summary>
/// Placed where it is first called, which is on its node. After the node's death a call would make it anew on the caller's: it says that it is
/// not the one that is meant.
/// </summary>
[global::Orleans.Placement.PreferLocalPlacement]
[global::Orleans.KeepAlive]
internal sealed class NodeGrain(PeerLinks links) : Grain, INodeGrain
{
    public Task StartAsync() => Task.CompletedTask;

    public Task ReceiveAsync(string from, byte[] envelope)
    {
        if (this.GetPrimaryKeyString() != links.Self)
        {
            DeactivateOnIdle();
            throw new InvalidOperationException($"Node {this.GetPrimaryKeyString()} is gone.");
        }

        links.Receive(from, envelope);
        return Task.CompletedTask;
    }
}
