using Millrace.Feed;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Webhooks.Delivering;

/// <summary>What is sent of an event.</summary>
public delegate ReadOnlyMemory<byte> EventBody(FeedEvent told);

/// <summary>What all endpoints are delivered to with.</summary>
/// <param name="Endpoints">Their settings.</param>
/// <param name="Secrets">What they sign with.</param>
/// <param name="Stored">What is kept of them.</param>
/// <param name="Feed">What they are told.</param>
/// <param name="Body">How it is told.</param>
/// <param name="Sender">By whom.</param>
/// <param name="Metrics">Told of every attempt.</param>
/// <param name="Time">Of this process.</param>
public sealed record DeliveryTools(
    WebhookEndpoints Endpoints, WebhookSecrets Secrets, DeliveryRecords Stored, FollowedFeed Feed, EventBody Body, WebhookSender Sender, WebhookMetrics Metrics, TimeProvider Time)
{
    /// <summary>Events of an endpoint that wait, at most: then nothing further is read for it, and its events wait in the journal, which has room.</summary>
    public int MaxWaiting { get; init; } = 500;

    /// <summary>Events of an endpoint that have failed and are kept to be replayed, at most: then it is stopped. None is ever dropped.</summary>
    public int MaxFailed { get; init; } = 1_000;
}
