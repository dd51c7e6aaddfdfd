using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Administration;
using Millrace.Engine.Journal;
using Millrace.Webhooks.Endpoints;

namespace Millrace.Webhooks.Delivering;

/// <summary>Delivers to all endpoints, on one node at a time: begins with those that are to be delivered to, and ends with those that are not any more.</summary>
public sealed partial class Deliverer(Leases leases, DeliveryTools tools, ILogger<Deliverer> logger) : BackgroundService
{
    // Stored; never to change.
    private const string Duty = "webhooks";
    private const int MostForgotten = 20;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(2);
    private readonly Dictionary<string, Running> _running = new(StringComparer.Ordinal);

    private sealed record Running(WebhookEndpoint Endpoint, CancellationTokenSource Ending, Task Task);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leases.RunAsync(Duty, DeliverAsync, stoppingToken);

    private async Task DeliverAsync(CancellationToken cancellation)
    {
        using var watched = tools.Metrics.Watch(tools.Endpoints, tools.Time);
        try
        {
            while (true)
            {
                foreach (var endpoint in tools.Endpoints.All.Where(endpoint => endpoint.IsDelivering && !_running.ContainsKey(endpoint.Id)))
                    Begin(endpoint, cancellation);
                foreach (var ended in _running.Values.Where(running => tools.Endpoints.Find(running.Endpoint.Tenant, running.Endpoint.Id) is not { IsDelivering: true }).ToList())
                    await EndAsync(ended);
                await ForgetDeletedAsync(cancellation);
                await Task.Delay(Look, tools.Time, cancellation);
            }
        }
        finally
        {
            await Task.WhenAll(_running.Values.ToList().Select(EndAsync));
        }
    }

    private void Begin(WebhookEndpoint endpoint, CancellationToken cancellation)
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _running[endpoint.Id] = new Running(endpoint, ending, Task.Run(() => RunAsync(endpoint, ending.Token), CancellationToken.None));
    }

    private async Task EndAsync(Running running)
    {
        await running.Ending.CancelAsync();
        await running.Task;
        running.Ending.Dispose();
        _running.Remove(running.Endpoint.Id);
    }

    private async Task RunAsync(WebhookEndpoint endpoint, CancellationToken ending)
    {
        while (!ending.IsCancellationRequested)
        {
            try
            {
                using var delivery = new EndpointDelivery(endpoint, tools, logger);
                using var watched = tools.Metrics.Watch(delivery);
                await delivery.RunAsync(ending);
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure) when (failure is StoreUnavailableException or OvertakenException)
            {
                Interrupted(logger, endpoint.Id, failure.Message);
            }
            catch (Exception failure)
            {
                // One endpoint's is no reason to hold up the others; it is begun again from what is stored.
                Failed(logger, endpoint.Id, failure);
            }

            await Task.Delay(PauseAfterFailure, tools.Time, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // A few at a time: a node that has just started knows of all that were ever deleted.
    private async Task ForgetDeletedAsync(CancellationToken cancellation)
    {
        for (var i = 0; i < MostForgotten && tools.Endpoints.Unforgotten.TryPeek(out var id) && !_running.ContainsKey(id); i++)
        {
            await tools.Stored.ForgetAsync(id, cancellation);
            tools.Endpoints.Unforgotten.TryDequeue(out _);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Deliveries to the webhook endpoint {Endpoint} are begun again: {Why}")]
    private static partial void Interrupted(ILogger logger, string endpoint, string why);

    [LoggerMessage(2, LogLevel.Error, "Deliveries to the webhook endpoint {Endpoint} failed by a defect of ours; they are begun again.")]
    private static partial void Failed(ILogger logger, string endpoint, Exception failure);
}
