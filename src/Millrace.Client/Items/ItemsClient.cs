using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Items;

/// <summary>The catalog, and what can be sold of it.</summary>
public sealed class ItemsClient
{
    private readonly Sender _sender;

    internal ItemsClient(Sender sender) => _sender = sender;

    /// <summary>Makes an item (201), or changes it (200).</summary>
    [Operation("put_item")]
    public Task<Answer<Item>> PutAsync(string sku, NewItem item, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/items/{sku}", item, ClientJson.Default.NewItem, options), ClientJson.Default.Item, cancellation);

    /// <param name="sku">The item's.</param>
    /// <param name="ifNoneMatch">The ETag that is known: <see cref="Answer{T}.IsNotModified"/> when it still is that.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("get_item")]
    public Task<Answer<Item>> GetAsync(string sku, string? ifNoneMatch = null, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/items/{sku}", options).With("If-None-Match", ifNoneMatch), ClientJson.Default.Item, cancellation);

    [Operation("get_availability")]
    public Task<Answer<Availability>> GetAvailabilityAsync(string sku, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/items/{sku}/availability", options), ClientJson.Default.Availability, cancellation);
}
