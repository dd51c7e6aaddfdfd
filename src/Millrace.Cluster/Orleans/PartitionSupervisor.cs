using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Peers;

namespace Millrace.Cluster.Orleans;

/// <summary>Keeps every partition active without waiting for traffic, learns who owns it, and brings it to where it belongs.</summary>
internal sealed partial class PartitionSupervisor(
    IGrainFactory grains, PartitionRuntime runtime, PeerLinks links, IClusterMembershipService members, Drained drained, ILocalSiloDetails self, TimeProvider time,
    ILogger<PartitionSupervisor> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    // A node that comes is given its partitions a few at a time, so that a hand-over is a short pause of few orders.
    private const int MovesPerRound = 4;
    private const int CalmRounds = 6;

    private static readonly TimeSpan HandOverPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    // A partition whose database was not told of the format yet is not claimed again all the time.
    private static readonly TimeSpan RenewAgainAfter = TimeSpan.FromMinutes(1);
    private readonly Dictionary<int, (int Format, long At)> _renewed = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var calmRounds = 0;
        do
        {
            try
            {
                var failed = (await Task.WhenAll(Enumerable.Range(0, runtime.Map.Count).Select(AskAsync)).WaitAsync(stoppingToken)).Count(isKnown => !isKnown);
                if (failed > 0)
                    NotAllKnown(logger, failed);
                // While anybody does not answer, what the membership says of the living is not to be trusted.
                calmRounds = failed > 0 ? 0 : calmRounds + 1;
                if (calmRounds >= CalmRounds)
                {
                    // What is about to leave is claimed again where it goes.
                    if (await LeaveStraysAsync(stoppingToken) == 0)
                        await RenewAsync(stoppingToken);
                }
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

    /// <summary>In good order: every partition is handed to the node that has it next, before this one leaves the cluster.</summary>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        var others = Alive().Where(silo => !silo.Equals(self.SiloAddress)).ToList();
        if (others.Count == 0)
            return;
        try
        {
            await Task.WhenAll(Enumerable.Range(0, runtime.Map.Count).Where(runtime.IsHere).Select(partition => LeaveAsync(partition, others)))
                .WaitAsync(HandOverPatience, cancellationToken);
            for (var waited = TimeSpan.Zero; waited < HandOverPatience && Enumerable.Range(0, runtime.Map.Count).Any(runtime.IsHere); waited += Pause)
                await Task.Delay(Pause, time, cancellationToken);
        }
        catch (Exception failure) when (failure is OrleansException or TimeoutException or OperationCanceledException)
        {
            // Whoever comes next claims them anyway.
            Failed(logger, failure);
        }
    }

    // Each node gives away only what it has itself, to a node that the membership has as alive.
    private async Task<int> LeaveStraysAsync(CancellationToken cancellation)
    {
        var alive = Alive();
        if (!alive.Contains(self.SiloAddress))
            return 0;
        var strays = Enumerable.Range(0, runtime.Map.Count)
            .Where(p => runtime.IsHere(p) && !RendezvousPlacement.Choose(p, drained.Without(alive), RendezvousPlacement.NameOf).Equals(self.SiloAddress))
            .Take(MovesPerRound).ToList();
        await Task.WhenAll(strays.Select(partition => LeaveAsync(partition, alive))).WaitAsync(cancellation);
        return strays.Count;
    }

    // A node that claimed its partitions before the format was raised would write the earlier one for as long as it lives.
    private async Task RenewAsync(CancellationToken cancellation)
    {
        var format = runtime.Format;
        foreach (var partition in runtime.InEarlierFormat.Where(partition => !IsRenewed(partition, format)).Take(MovesPerRound).ToList())
        {
            await grains.GetGrain<IPartitionGrain>(partition).RenewAsync().WaitAsync(cancellation);
            _renewed[partition] = (format, time.GetTimestamp());
        }
    }

    private bool IsRenewed(int partition, int format) =>
        _renewed.TryGetValue(partition, out var last) && last.Format == format && time.GetElapsedTime(last.At) < RenewAgainAfter;

    private Task LeaveAsync(int partition, List<SiloAddress> nodes)
    {
        links.SetOwner(partition, null);
        return grains.GetGrain<IPartitionGrain>(partition).LeaveAsync(RendezvousPlacement.Choose(partition, drained.Without(nodes), RendezvousPlacement.NameOf));
    }

    private List<SiloAddress> Alive() =>
        [.. members.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active).Select(m => m.SiloAddress)];

    [LoggerMessage(1, LogLevel.Warning, "A round over the partitions failed; the next one asks again.")]
    private static partial void Failed(ILogger logger, Exception failure);

    [LoggerMessage(2, LogLevel.Warning, "{Count} partitions could not be asked for; the next round asks again.")]
    private static partial void NotAllKnown(ILogger logger, int count);
}
