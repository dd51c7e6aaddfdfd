using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Millrace.Cluster.Orleans;

/// <summary>Keeps every partition active without waiting for traffic: asks for all of them once a second.</summary>
internal sealed partial class PartitionSupervisor(
    IGrainFactory grains, PartitionRuntime runtime, TimeProvider time, ILogger<PartitionSupervisor> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                var calls = Enumerable.Range(0, runtime.Map.Count)
                    .Select(partition => grains.GetGrain<IPartitionGrain>(partition).EnsureActiveAsync());
                await Task.WhenAll(calls).WaitAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                Failed(logger, failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(1, LogLevel.Warning, "Not every partition could be asked for; the next round asks again.")]
    private static partial void Failed(ILogger logger, Exception failure);
}
