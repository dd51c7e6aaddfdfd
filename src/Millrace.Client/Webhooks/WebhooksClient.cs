using Millrace.Client.Json;
using Millrace.Client.Orders;
using Millrace.Client.Sending;

namespace Millrace.Client.Webhooks;

/// <summary>Where the tenant is told of events. What arrives there is checked with <see cref="WebhookSignature"/>.</summary>
public sealed class WebhooksClient
{
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(1);
    // As long as the server gives a receiver.
    private static readonly TimeSpan TestPatience = TimeSpan.FromSeconds(15);
    private readonly Sender _sender;

    internal WebhooksClient(Sender sender) => _sender = sender;

    /// <summary>Makes an endpoint. A repeat after a lost answer shows it without its secret: rotate it then.</summary>
    [Operation("create_webhook")]
    public Task<Answer<Webhook>> CreateAsync(WebhookSettings settings, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/webhooks", settings, ClientJson.Default.WebhookSettings, options), ClientJson.Default.Webhook, cancellation);

    [Operation("list_webhooks")]
    public Task<Answer<Listing<Webhook>>> ListAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/webhooks", options), ClientJson.Default.ListingWebhook, cancellation);

    [Operation("get_webhook")]
    public Task<Answer<Webhook>> GetAsync(string webhook, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/webhooks/{webhook}", options), ClientJson.Default.Webhook, cancellation);

    /// <summary>Sets it whole; one that the server has stopped goes on.</summary>
    [Operation("put_webhook")]
    public Task<Answer<Webhook>> PutAsync(string webhook, WebhookSettings settings, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/webhooks/{webhook}", settings, ClientJson.Default.WebhookSettings, options), ClientJson.Default.Webhook, cancellation);

    /// <summary>What waits or has failed is forgotten with it.</summary>
    [Operation("delete_webhook")]
    public Task DeleteAsync(string webhook, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/webhooks/{webhook}", options), ClientJson.Default.JsonElement, cancellation);

    /// <summary>Makes a new secret.</summary>
    /// <param name="webhook">The endpoint's id.</param>
    /// <param name="overlap">How long the former secret signs beside it; a day when null.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("rotate_webhook_secret")]
    public Task<Answer<Webhook>> RotateAsync(string webhook, TimeSpan? overlap = null, CallOptions? options = null, CancellationToken cancellation = default) => _sender.SendAsync(
        Call.Post($"v1/webhooks/{webhook}/rotate", new SecretRotation((int)(overlap ?? DefaultOverlap).TotalSeconds), ClientJson.Default.SecretRotation, options), ClientJson.Default.Webhook, cancellation);

    /// <summary>Sends a ping; answered within 15 seconds.</summary>
    [Operation("test_webhook")]
    public Task<Answer<WebhookTest>> TestAsync(string webhook, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/webhooks/{webhook}/test", new Nothing(), ClientJson.Default.Nothing, options) with { Wait = TestPatience }, ClientJson.Default.WebhookTest, cancellation);

    /// <summary>What was tried last, newest first.</summary>
    /// <param name="webhook">The endpoint's id.</param>
    /// <param name="outcome"><c>waiting</c> and <c>failed</c> list all such events, by their ids; null what was tried last.</param>
    /// <param name="cursor"><see cref="Page{T}.NextCursor"/> of the page before.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("list_deliveries")]
    public Task<Answer<Page<WebhookAttempt>>> ListDeliveriesAsync(
        string webhook, string? outcome = null, string? cursor = null, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/webhooks/{webhook}/deliveries", options);
        return _sender.SendAsync(call with { Path = call.Path + new Query().With("outcome", outcome).With("cursor", cursor) }, ClientJson.Default.PageWebhookAttempt, cancellation);
    }

    /// <summary>Has events sent again.</summary>
    [Operation("replay_webhook")]
    public Task<Answer<WebhookReplay>> ReplayAsync(string webhook, NewReplay replay, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/webhooks/{webhook}/replay", replay, ClientJson.Default.NewReplay, options), ClientJson.Default.WebhookReplay, cancellation);
}
