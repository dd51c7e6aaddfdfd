using Millrace.Cluster.Peers;
using Orleans.Concurrency;
using Orleans.Runtime.Placement;

namespace Millrace.Cluster.Orleans;

/// <summary>The cluster's handle on one partition; its key is the partition's number.</summary>
public interface IPartitionGrain : IGrainWithIntegerKey
{
    /// <summary>Makes sure that the partition is owned somewhere. Returns at once; recovery goes on behind it.</summary>
    /// <returns>The node that owns it, as <see cref="PeerLinks.Self"/>; null while it moves.</returns>
    [AlwaysInterleave]
    Task<string?> EnsureActiveAsync();

    /// <summary>Has the partition claimed again where it is. Returns at once.</summary>
    Task RenewAsync();

    /// <summary>Hands the partition over to a node.</summary>
    Task LeaveAsync(SiloAddress to);
}

/// <summary>
/// Placement and failure detection for one partition, nothing more: it tells the node it lives on to run the
/// partition, and to stop when it leaves. The journal's fence, not this grain, keeps two owners apart.
/// </summary>
[RendezvousPlacement]
[global::Orleans.KeepAlive]
internal sealed class PartitionGrain(PartitionRuntime runtime) : Grain, IPartitionGrain
{
    private volatile bool _isLeaving;

    private int Partition => (int)this.GetPrimaryKeyLong();

    // Activation must not wait for recovery: a call that waits is a call that holds up a shutdown.
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        runtime.Start(Partition);
        return Task.CompletedTask;
    }

    // Also when it is here already: a fenced partition is stopped while its grain lives on.
    public Task<string?> EnsureActiveAsync()
    {
        if (_isLeaving)
            return Task.FromResult<string?>(null);
        runtime.Start(Partition);
        return Task.FromResult(runtime.Peers?.Self);
    }

    public Task RenewAsync()
    {
        if (!_isLeaving)
            runtime.Renew(Partition, () => !_isLeaving);
        return Task.CompletedTask;
    }

    public Task LeaveAsync(SiloAddress to)
    {
        _isLeaving = true;
        RequestContext.Set(IPlacementDirector.PlacementHintKey, to);
        this.MigrateOnIdle();
        return Task.CompletedTask;
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _isLeaving = true;
        await runtime.StopAsync(Partition).WaitAsync(cancellationToken);
    }
}
