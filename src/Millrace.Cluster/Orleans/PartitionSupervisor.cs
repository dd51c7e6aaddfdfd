using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Peers;

namespace Millrace.Cluster.Orleans;

/// <summary>Keeps every partition active without waiting for traffic, learns who owns it, and brings it to where it belongs.</summary>
internal sealed partial class PartitionSupervisor(
    IGrainFactory grains, PartitionRuntime runtime, PeerLinks links, IClusterMembershipService members, ILocalSiloDetails self, TimeProvider time,
    ILogger<PartitionSupervisor> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    // A node that comes is given its partitions a few at a time, so that a hand-over is a short pause of few orders.
    private const int MovesPerRound = 4;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var isStarted = false;
        do
        {
            try
            {
                if (!isStarted)
                    await grains.GetGrain<INodeGrain>(links.Self).StartAsync().WaitAsync(stoppingToken);
                isStarted = true;
                var failed = (await Task.WhenAll(Enumerable.Range(0, runtime.Map.Count).Select(AskAsync)).WaitAsync(stoppingToken)).Count(isKnown => !isKnown);
                if (failed > 0)
                    NotAllKnown(logger, failed);
                await LeaveStraysAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<bool> AskAsync(int partition)
    {
        try
        {
            links.SetOwner(partition, await grains.GetGrain<IPartitionGrain>(partition).EnsureActiveAsync().WaitAsync(2 * Every));
            return true;
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OperationCanceledException)
        {
            // Its node may have died: whoever is asked next will say.
            links.SetOwner(partition, null);
            return false;
        }
    }

    // Each node gives away only what it has itself, to a node that the membership has as alive.
    private async Task LeaveStraysAsync(CancellationToken cancellation)
    {
        var alive = members.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress).ToList();
        if (!alive.Contains(self.SiloAddress))
            return;
        var strays = Enumerable.Range(0, runtime.Map.Count)
            .Where(p => links.Owners[p] == links.Self && !RendezvousPlacement.Choose(p, alive, RendezvousPlacement.NameOf).Equals(self.SiloAddress))
            .Take(MovesPerRound).ToList();
        foreach (var partition in strays)
            links.SetOwner(partition, null);
        await Task.WhenAll(strays.Select(partition => grains.GetGrain<IPartitionGrain>(partition).LeaveAsync())).WaitAsync(cancellation);
    }

    [LoggerMessage(1, LogLevel.Warning, "A round over the partitions failed; the next one asks again.")]
    private static partial void Failed(ILogger logger, Exception failure);

    [LoggerMessage(2, LogLevel.Warning, "{Count} partitions could not be asked for; the next round asks again.")]
    private static partial void NotAllKnown(ILogger logger, int count);
}
