using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Millrace.Cluster.Payments;

/// <summary>Follows what other nodes were told of paused providers. Started before the partitions: a node that starts asks none of them.</summary>
public sealed partial class PausedProvidersReader(PausedProviders paused, TimeProvider time, ILogger<PausedProvidersReader> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);

    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await paused.RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        var isFailing = false;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await paused.RefreshAsync(stoppingToken);
                isFailing = false;
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // Said once, not each second.
                if (!isFailing)
                    Failed(logger, failure);
                isFailing = true;
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Which payment providers are paused cannot be read; it stays as it is until it can.")]
    private static partial void Failed(ILogger logger, Exception failure);
}
