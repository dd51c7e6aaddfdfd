using Microsoft.Extensions.Hosting.Systemd;
using Millrace.Cluster;

namespace Millrace.Cli.Serve;

/// <summary>
/// Tells systemd, where it asks to be told (<c>Type=notify</c>), that all partitions serve, that the process still lives (<c>WatchdogSec</c>), and that it
/// ends; see sd_notify(3).
/// </summary>
internal sealed class ServiceManager(ISystemdNotifier notifier, PartitionRouter router, TimeProvider time) : BackgroundService
{
    private const string WatchdogVariable = "WATCHDOG_USEC";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly ServiceState Alive = new("WATCHDOG=1");

    public override Task StopAsync(CancellationToken cancellationToken)
    {
        notifier.Notify(ServiceState.Stopping);
        return base.StopAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!notifier.IsEnabled)
            return;
        // Three times in what it is allowed, so that one late turn is no death.
        var watchdog = long.TryParse(Environment.GetEnvironmentVariable(WatchdogVariable), out var limitUs) && limitUs > 0 ? TimeSpan.FromMicroseconds(limitUs / 3d) : (TimeSpan?)null;
        var isReady = false;
        var toldAt = time.GetTimestamp();
        using var timer = new PeriodicTimer(Look, time);
        while (!isReady || watchdog is not null)
        {
            if (!isReady && router.IsReady)
            {
                isReady = true;
                notifier.Notify(ServiceState.Ready);
            }

            if (time.GetElapsedTime(toldAt) >= watchdog)
            {
                notifier.Notify(Alive);
                toldAt = time.GetTimestamp();
            }

            await timer.WaitForNextTickAsync(stoppingToken);
        }
    }
}
