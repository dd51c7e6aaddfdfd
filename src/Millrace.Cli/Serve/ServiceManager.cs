using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using Millrace.Cluster;

namespace Millrace.Cli.Serve;

/// <summary>
/// Tells systemd, where it asks to be told (<c>Type=notify</c>), that all partitions serve, that the process still lives (<c>WatchdogSec</c>), and that it
/// ends; see sd_notify(3). A manager that cannot be told now, such as one that is started anew, is told at the next look: orders go on without it.
/// </summary>
internal sealed partial class ServiceManager(ISystemdNotifier notifier, PartitionRouter router, TimeProvider time, ILogger<ServiceManager> logger) : BackgroundService
{
    private const string WatchdogVariable = "WATCHDOG_USEC";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);
    private static readonly ServiceState Alive = new("WATCHDOG=1");
    private volatile bool _isAway;

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        // First, or it could be told afterwards that the node is ready.
        await base.StopAsync(cancellationToken);
        Tell(ServiceState.Stopping);
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
            isReady = isReady || (router.IsReady && Tell(ServiceState.Ready));
            if (time.GetElapsedTime(toldAt) >= watchdog && Tell(Alive))
                toldAt = time.GetTimestamp();
            await timer.WaitForNextTickAsync(stoppingToken);
        }
    }

    private bool Tell(ServiceState state)
    {
        try
        {
            notifier.Notify(state);
            _isAway = false;
            return true;
        }
        catch (SocketException failure)
        {
            // Once, and not at every look.
            if (!_isAway)
                NotTold(logger, failure);
            _isAway = true;
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The service manager cannot be told how the node is; it is told when it can be.")]
    private static partial void NotTold(ILogger logger, Exception failure);
}
