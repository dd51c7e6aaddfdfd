using Orleans.Concurrency;

namespace Millrace.Cluster.Orleans;

/// <summary>The cluster's handle on one partition; its key is the partition's number.</summary>
public interface IPartitionGrain : IGrainWithIntegerKey
{
    /// <summary>Makes sure that the partition is owned somewhere. Returns at once; recovery goes on behind it.</summary>
    [AlwaysInterleave]
    Task EnsureActiveAsync();
}

/// <summary>
/// Placement and failure detection for one partition, nothing more: it tells the node it lives on to run the
/// partition, and to stop when it leaves. The journal's fence, not this grain, keeps two owners apart.
/// </summary>
[global::Orleans.Placement.PreferLocalPlacement]
[global::Orleans.KeepAlive]
internal sealed class PartitionGrain(PartitionRuntime runtime) : Grain, IPartitionGrain
{
    private int Partition => (int)this.GetPrimaryKeyLong();

    // Activation must not wait for recovery: a call that waits is a call that holds up a shutdown.
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        runtime.Start(Partition);
        return Task.CompletedTask;
    }

    // Also when it is here already: a fenced partition is stopped while its grain lives on.
    public Task EnsureActiveAsync()
    {
        runtime.Start(Partition);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) =>
        runtime.StopAsync(Partition).WaitAsync(cancellationToken);
}
