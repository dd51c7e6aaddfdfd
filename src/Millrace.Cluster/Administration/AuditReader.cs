using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Administration;

/// <summary>Follows the audit log while the node runs: what another process adds is in force here within a second.</summary>
public sealed partial class AuditReader(AuditLog log, IHostApplicationLifetime lifetime, TimeProvider time, ILogger<AuditReader> logger) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(500);

    // Before anything is served, and a log that cannot be trusted stops the start.
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await log.RefreshAsync(cancellationToken);
        }
        catch (InvalidDataException damage)
        {
            throw new StoreRefusedException(damage.Message);
        }

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
                await log.RefreshAsync(stoppingToken);
                isFailing = false;
            }
            catch (InvalidDataException fork)
            {
                // Keys that were revoked on the other side of the fork would live on here. The next start reads what there is, from the beginning.
                Forked(logger, fork);
                Environment.ExitCode = 1;
                lifetime.StopApplication();
                return;
            }
            catch (StoreUnavailableException failure)
            {
                // What was known before goes on to hold. Said once, not twice a second.
                if (!isFailing)
                    Failed(logger, failure);
                isFailing = true;
            }
        }
    }

    [LoggerMessage(2, LogLevel.Critical, "The audit log is not the one that this node has read; the node stops, to be started anew.")]
    private static partial void Forked(ILogger logger, Exception failure);

    [LoggerMessage(1, LogLevel.Warning, "The audit log cannot be read; keys and settings stay as they are until it can.")]
    private static partial void Failed(ILogger logger, Exception failure);
}
