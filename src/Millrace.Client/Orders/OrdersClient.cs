using System.Runtime.CompilerServices;
using System.Text.Json;
using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Orders;

/// <summary>Placing orders, following them, and changing what becomes of them.</summary>
public sealed class OrdersClient
{
    private static readonly TimeSpan DefaultPause = TimeSpan.FromMilliseconds(500);
    private readonly Sender _sender;
    private readonly TimeProvider _time;

    internal OrdersClient(Sender sender, TimeProvider time) => (_sender, _time) = (sender, time);

    /// <summary>Places an order. When this returns it is durable, whatever happens to the server.</summary>
    /// <param name="order">What is ordered.</param>
    /// <param name="wait">How long to wait for it to be confirmed or to end, 30 s at most: status 201 or 200 then, 202 while it is pending.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the waiting, not the order.</param>
    [Operation("place_order")]
    public Task<Answer<Order>> PlaceAsync(NewOrder order, TimeSpan wait = default, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders", order, ClientJson.Default.NewOrder, options).Waiting(wait), ClientJson.Default.Order, cancellation);

    /// <summary>Places up to 1,000 orders, each with its own key and outcome.</summary>
    [Operation("place_orders")]
    public Task<Answer<Listing<BatchResult>>> PlaceManyAsync(IReadOnlyList<BatchRow> rows, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(rows, ClientJson.Default.IReadOnlyListBatchRow);
        // Each row carries its key: whatever was taken is not taken again.
        var call = Call.Post($"v1/orders:batch", body, options) with { MayRepeat = true };
        return _sender.SendAsync(call, ClientJson.Default.ListingBatchResult, cancellation);
    }

    /// <summary>An order as it is, or as it was; always with what was done before.</summary>
    /// <param name="id">The order's.</param>
    /// <param name="asOf">As it was then; null for now.</param>
    /// <param name="ifNoneMatch">The ETag that is known: <see cref="Answer{T}.IsNotModified"/> when it still is that.</param>
    /// <param name="options">For this call.</param>
    /// <param name="version">As it was after so many of its events, instead of at a time; null for now.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("get_order")]
    public Task<Answer<Order>> GetAsync(
        string id, DateTimeOffset? asOf = null, string? ifNoneMatch = null, CallOptions? options = null, int? version = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/orders/{id}", options);
        return _sender.SendAsync((call with { Path = call.Path + new Query().With("as_of", asOf).With("version", version) }).With("If-None-Match", ifNoneMatch), ClientJson.Default.Order, cancellation);
    }

    /// <summary>One page of orders, newest first.</summary>
    [Operation("list_orders")]
    public Task<Answer<Page<Order>>> ListPageAsync(OrderFilter filter, string? cursor = null, CallOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        var call = Call.Get($"v1/orders", options);
        return _sender.SendAsync(
            (call with { Path = call.Path + filter.Query(cursor) }).With("Consistency-Token", filter.ConsistencyToken), ClientJson.Default.PageOrder, cancellation);
    }

    /// <summary>All orders, newest first, read page by page as they are asked for.</summary>
    public IAsyncEnumerable<Order> ListAsync(OrderFilter? filter = null, CancellationToken cancellation = default) =>
        Pages.AllAsync((cursor, token) => ListPageAsync(filter ?? new OrderFilter(), cursor, null, token), cancellation);

    /// <summary>
    /// An order as it is, and then each time it is seen to have changed, until it has ended. Versions between two looks are not seen:
    /// <see cref="ListEventsAsync"/> has them all.
    /// </summary>
    /// <param name="id">The order's.</param>
    /// <param name="pause">Between two looks; half a second when null.</param>
    /// <param name="cancellation">Ends the watching.</param>
    public async IAsyncEnumerable<Order> WatchAsync(string id, TimeSpan? pause = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        string? seen = null;
        while (true)
        {
            var answer = await GetAsync(id, ifNoneMatch: seen, cancellation: cancellation);
            if (!answer.IsNotModified)
            {
                seen = answer.ETag;
                yield return answer.Value;
                if (answer.Value.IsEnded)
                    yield break;
            }

            await Task.Delay(pause ?? DefaultPause, _time, cancellation);
        }
    }

    /// <summary>Everything that happened to an order, oldest first.</summary>
    /// <param name="id">The order's.</param>
    /// <param name="ifNoneMatch">The ETag that is known: <see cref="Answer{T}.IsNotModified"/> when it still is that.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("list_order_events")]
    public Task<Answer<Listing<OrderEvent>>> ListEventsAsync(string id, CallOptions? options = null, string? ifNoneMatch = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/orders/{id}/events", options).With("If-None-Match", ifNoneMatch), ClientJson.Default.ListingOrderEvent, cancellation);

    /// <param name="id">The order's.</param>
    /// <param name="ifNoneMatch">The ETag that is known: <see cref="Answer{T}.IsNotModified"/> when it still is that.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("get_order_ledger")]
    public Task<Answer<OrderLedger>> GetLedgerAsync(string id, CallOptions? options = null, string? ifNoneMatch = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/orders/{id}/ledger", options).With("If-None-Match", ifNoneMatch), ClientJson.Default.OrderLedger, cancellation);

    /// <summary>Cancels an order; what was done is undone.</summary>
    [Operation("cancel_order")]
    public Task<Answer<Order>> CancelAsync(string id, string? reason = null, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/cancel", new Reason(reason), ClientJson.Default.Reason, options), ClientJson.Default.Order, cancellation);

    [Operation("place_hold")]
    public Task<Answer<Order>> PlaceHoldAsync(string id, NewHold hold, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/holds", hold, ClientJson.Default.NewHold, options), ClientJson.Default.Order, cancellation);

    [Operation("release_hold")]
    public Task<Answer<Order>> ReleaseHoldAsync(string id, string hold, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/holds/{hold}/release", new Nothing(), ClientJson.Default.Nothing, options), ClientJson.Default.Order, cancellation);

    /// <summary>Says that the parcel has left: the payment is captured.</summary>
    [Operation("ship_order")]
    public Task<Answer<Order>> ShipAsync(string id, Parcel parcel, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/ship", parcel, ClientJson.Default.Parcel, options), ClientJson.Default.Order, cancellation);

    /// <summary>Says that the parcel has arrived.</summary>
    [Operation("deliver_order")]
    public Task<Answer<Order>> DeliverAsync(string id, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/deliver", new Nothing(), ClientJson.Default.Nothing, options), ClientJson.Default.Order, cancellation);

    /// <summary>Gives money back.</summary>
    [Operation("refund_order")]
    public Task<Answer<Order>> RefundAsync(string id, NewRefund refund, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/refunds", refund, ClientJson.Default.NewRefund, options), ClientJson.Default.Order, cancellation);

    /// <summary>Goes on with an order that waits for a person.</summary>
    [Operation("resume_order")]
    public Task<Answer<Order>> ResumeAsync(string id, string? reason = null, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/orders/{id}/resume", new Reason(reason), ClientJson.Default.Reason, options), ClientJson.Default.Order, cancellation);

    /// <summary>For which reasons orders wait for a person, and how many.</summary>
    [Operation("list_attention")]
    public Task<Answer<AttentionList>> ListAttentionAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/orders/attention", options), ClientJson.Default.AttentionList, cancellation);

    /// <summary>Why an order that waits for a person is out of sight.</summary>
    [Operation("get_dismissal")]
    public Task<Answer<Dismissal>> GetDismissalAsync(string id, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/orders/{id}/dismissal", options), ClientJson.Default.Dismissal, cancellation);

    /// <summary>Puts an order that waits for a person out of sight, until something happens to it.</summary>
    [Operation("put_dismissal")]
    public Task<Answer<Dismissal>> DismissAsync(string id, string reason, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/orders/{id}/dismissal", new Reason(reason), ClientJson.Default.Reason, options), ClientJson.Default.Dismissal, cancellation);

    /// <summary>Brings it back into sight.</summary>
    [Operation("delete_dismissal")]
    public Task RestoreAsync(string id, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/orders/{id}/dismissal", options), ClientJson.Default.JsonElement, cancellation);
}

/// <summary>That an order which waits for a person is out of sight.</summary>
/// <param name="DismissedBy">The name of the key that was used.</param>
public sealed record Dismissal(string OrderId, string Reason, string? DismissedBy, DateTimeOffset DismissedAt);
