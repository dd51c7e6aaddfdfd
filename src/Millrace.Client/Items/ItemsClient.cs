using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Items;

/// <summary>The catalog, and what can be sold of it.</summary>
public sealed class ItemsClient
{
    private readonly Sender _sender;

    internal ItemsClient(Sender sender) => _sender = sender;

    /// <summary>Makes an item (201), or changes it (200).</summary>
    /// <param name="sku">The item's.</param>
    /// <param name="item">As it shall be, whole.</param>
    /// <param name="options">For this call.</param>
    /// <param name="mustBeNew">Refused with <c>version_mismatch</c> where there is one already, also one that a call made whose answer was lost.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("put_item")]
    public Task<Answer<Item>> PutAsync(string sku, NewItem item, CallOptions? options = null, bool mustBeNew = false, CancellationToken cancellation = default) =>
        _sender.SendAsync(
            Call.Put($"v1/items/{sku}", item, ClientJson.Default.NewItem, options).With("If-Match", options?.IfMatch).With("If-None-Match", mustBeNew ? "*" : null), ClientJson.Default.Item, cancellation);

    /// <param name="sku">The item's.</param>
    /// <param name="ifNoneMatch">The ETag that is known: <see cref="Answer{T}.IsNotModified"/> when it still is that.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("get_item")]
    public Task<Answer<Item>> GetAsync(string sku, string? ifNoneMatch = null, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/items/{sku}", options).With("If-None-Match", ifNoneMatch), ClientJson.Default.Item, cancellation);

    /// <summary>One page of the catalog, by SKU.</summary>
    /// <param name="prefix">What the SKUs begin with; null for all.</param>
    /// <param name="cursor"><see cref="Page{T}.NextCursor"/> of the page before.</param>
    /// <param name="pageSize">1 to 200.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("list_items")]
    public Task<Answer<Page<Item>>> ListPageAsync(
        string? prefix = null, string? cursor = null, int pageSize = 50, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/items", options);
        return _sender.SendAsync(
            call with { Path = call.Path + new Query().With("prefix", prefix).With("limit", pageSize).With("cursor", cursor) }, ClientJson.Default.PageItem, cancellation);
    }

    /// <summary>The whole catalog, read page by page as it is asked for.</summary>
    public IAsyncEnumerable<Item> ListAsync(string? prefix = null, int pageSize = 50, CancellationToken cancellation = default) =>
        Pages.AllAsync((cursor, token) => ListPageAsync(prefix, cursor, pageSize, null, token), cancellation);

    [Operation("get_availability")]
    public Task<Answer<Availability>> GetAvailabilityAsync(string sku, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/items/{sku}/availability", options), ClientJson.Default.Availability, cancellation);
}
