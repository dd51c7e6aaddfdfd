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

    private sealed record Running(WebhookEndpoint Endpoint, CancellationTokenSource Ending, Task Task);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => leases.RunAsync(Duty, DeliverAsync, stoppingToken);

    private async Task DeliverAsync(CancellationToken cancellation)
    {
        using var watched = tools.Metrics.Watch(tools.Endpoints, tools.Time);
        // Of this time of having the lease only: whoever has it next begins with all.
        var running = new Dictionary<string, Running>(StringComparer.Ordinal);
        try
        {
            while (true)
            {
                foreach (var endpoint in tools.Endpoints.All.Where(endpoint => endpoint.IsDelivering && !running.ContainsKey(endpoint.Id)))
                    running.Add(endpoint.Id, Begin(endpoint, cancellation));
                foreach (var ended in running.Values.Where(one => tools.Endpoints.Find(one.Endpoint.Tenant, one.Endpoint.Id) is not { IsDelivering: true }).ToList())
                {
                    await EndAsync(ended);
                    running.Remove(ended.Endpoint.Id);
                }

                await ForgetDeletedAsync(running, cancellation);
                await Task.Delay(Look, tools.Time, cancellation);
            }
        }
        finally
        {
            await Task.WhenAll(running.Values.Select(EndAsync));
        }
    }

    private Running Begin(WebhookEndpoint endpoint, CancellationToken cancellation)
    {
        var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        return new Running(endpoint, ending, Task.Run(() => RunAsync(endpoint, ending.Token), CancellationToken.None));
    }

    private static async Task EndAsync(Running running)
    {
        await running.Ending.CancelAsync();
        await running.Task;
        running.Ending.Dispose();
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
    private async Task ForgetDeletedAsync(Dictionary<string, Running> running, CancellationToken cancellation)
    {
        for (var i = 0; i < MostForgotten && tools.Endpoints.Unforgotten.TryPeek(out var id) && !running.ContainsKey(id); i++)
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
