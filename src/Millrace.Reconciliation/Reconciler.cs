using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Administration;
using Millrace.Feed;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation.Breaks;
using Millrace.Reconciliation.Comparing;

namespace Millrace.Reconciliation;

/// <summary>What the comparison is done with.</summary>
/// <param name="Options">How.</param>
/// <param name="Node">This node's name.</param>
/// <param name="Feed">What the orders tell.</param>
/// <param name="Provider">What the provider tells.</param>
/// <param name="Orders">An order, to be looked up.</param>
/// <param name="Store">Where breaks are kept.</param>
/// <param name="Metrics">Shown what comes of it.</param>
/// <param name="Refused">Requests that the node has refused: while it grows, the comparison waits.</param>
/// <param name="Time">Of this process.</param>
public sealed record ReconciliationTools(
    ReconciliationOptions Options, string Node, FollowedFeed Feed, PspRecords Provider, OrderReader Orders, BreakStore Store, ReconciliationMetrics Metrics,
    Func<long> Refused, TimeProvider Time);

/// <summary>
/// Compares what orders have booked with what the payment provider says it did, operation by operation, as both go on; on one node at a time. It moves no
/// money: see docs/reconciliation.md.
/// </summary>
public sealed class Reconciler(Leases leases, ReconciliationTools tools, ILogger<Reconciler> logger) : BackgroundService
{
    // Stored; never to change.
    private const string Duty = "reconciliation";

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leases.RunAsync(Duty, RunAsync, stoppingToken);

    private async Task RunAsync(CancellationToken cancellation)
    {
        var comparison = await Comparison.BeginAsync(tools, logger, cancellation);
        using var watched = tools.Metrics.Watch(comparison.See);
        // Until another node has written: then it is that one's duty.
        while (await comparison.TurnAsync(cancellation) is { } pause)
            await Task.Delay(pause, tools.Time, cancellation);
    }
}
