using System.Text;
using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Dismissals;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Api.Tracking;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;

namespace Millrace.Api.Orders.Read;

/// <summary><c>GET /v1/orders</c>: newest first, by keyset, from the read model as last checkpointed, or a replica of it.</summary>
internal sealed class ListOrders(IReadModel readModel, OrderLists lists, AdmittedRouter router, TrackingTokens tokens, DismissedOrders dismissed)
{
    // What one request may look at when its filter has no index: the page is then shorter and says that there is more.
    private const int ScanLimit = 10_000;
    private const int ReadLimit = 500;

    internal sealed record OrderList(List<Order> Orders, OrderId? Next, long AsOf);

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var problem = OrderListQuery.Read(http.Request.Query, caller.Tenant, out var query);
        var tokenProblem = ConsistencyToken.Read(http.Request.Headers[ConsistencyToken.HeaderName], router.Map.Count, out var seen);
        if ((problem ?? tokenProblem) is { } refused)
        {
            await Answer.Problem(http, refused);
            return;
        }

        var (list, away) = query.KeyHash is { } key
            ? await FindKeyedAsync(caller.Tenant, key, query, seen, http.RequestAborted)
            : (await ReadAsync(caller.Tenant, query, seen, http.RequestAborted), null);
        if (list is not var (orders, next, asOf))
        {
            await Answer.Problem(http, away ?? new Problem(ProblemKinds.ListBehind, "The list does not show yet what the Consistency-Token says was seen."));
            return;
        }

        var cursor = next is { } before ? OrderCursor.Write(before, query.List) : null;
        http.Response.Headers.CacheControl = "private, no-cache";
        if (cursor is not null)
            http.Response.Headers.Link = $"<{OrderListQuery.NextUrl(http.Request.Query, cursor)}>; rel=\"next\"";
        await Answer.Json(http, StatusCodes.Status200OK, (orders, cursor, asOf, tokens), static (w, page) =>
        {
            w.WriteStartObject();
            w.WriteStartArray("data"u8);
            foreach (var order in page.orders)
                OrderJson.Write(w, order, page.tokens);
            w.WriteEndArray();
            w.WriteNext(page.cursor);
            w.WriteTime("as_of"u8, page.asOf);
            w.WriteEndObject();
        });
    }

    /// <param name="tenant">Whose orders.</param>
    /// <param name="query">Which of them.</param>
    /// <param name="seen">What must be shown: as it was then, or later.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null when what was seen is not shown yet.</returns>
    public async ValueTask<OrderList?> ReadAsync(
        TenantId tenant, OrderListQuery query, IReadOnlyList<(OrderId, int)> seen, CancellationToken cancellation, bool mayBeOfReplica = true)
    {
        // A name is looked up, which burdens nobody.
        if (mayBeOfReplica && query.ExternalId is null && lists.MayAskReplica && await ScanAsync(tenant, query, page => lists.FromReplicaAsync(page, seen, cancellation), cancellation) is { } replicated)
            return replicated;
        if (!await lists.ReachedAsync(tenant, seen, cancellation))
            return null;
        if (query.ExternalId is { } externalId && await FindNamedAsync(tenant, NameHash.ExternalId(tenant, externalId), cancellation) is { Order: { } named } && IsOn(named, query))
            return new OrderList(await IsShownAsync(tenant, named, query, cancellation) ? [named] : [], null, lists.NowUnixMs);
        return await ScanAsync(tenant, query, page => lists.FromReadModelAsync(page, cancellation), cancellation);
    }

    // Whoever asks by a key wants to know whether his order was placed: where nobody can say, the answer is no list without it.
    private async ValueTask<(OrderList? List, Problem? Away)> FindKeyedAsync(
        TenantId tenant, UInt128 key, OrderListQuery query, IReadOnlyList<(OrderId, int)> seen, CancellationToken cancellation)
    {
        if (!await lists.ReachedAsync(tenant, seen, cancellation))
            return default;
        var asOf = lists.NowUnixMs;
        var found = await FindNamedAsync(tenant, key, cancellation);
        return IsKnown(found)
            ? (new OrderList(found?.Order is { } order && IsOn(order, query) && await IsShownAsync(tenant, order, query, cancellation) ? [order] : [], null, asOf), null)
            : (null, ReplyProblem.Of(found!));
    }

    /// <summary>Whether the reply to the reading of a named order, null where nobody has the name, says if there is one.</summary>
    public static bool IsKnown(PartitionReply? found) => found is null or { Status: ReplyStatus.NotFound } || found.IsSuccess();

    // A name is at most one order's, and names are indexed. Null where nobody has it.
    private async ValueTask<PartitionReply?> FindNamedAsync(TenantId tenant, UInt128 hash, CancellationToken cancellation) =>
        await readModel.FindNameAsync(router.Map.OwnerOfName(hash), hash, cancellation) is { } id
            ? await router.SendAsync(new PartitionRequest.ReadOrder(id, tenant), Priority.Read, tenant, null, cancellation)
            : null;

    private static bool IsOn(Order order, OrderListQuery query) => Matches(order, query) && (query.Before is not { } before || order.Id < before);

    /// <returns>Null when a page could not be read from where it was looked for.</returns>
    private async ValueTask<OrderList?> ScanAsync(TenantId tenant, OrderListQuery query, Func<OrderQuery, ValueTask<ListPage?>> read, CancellationToken cancellation)
    {
        var orders = new List<Order>(query.Limit);
        var before = query.Before;
        var asOf = long.MaxValue;
        var isFiltered = query.ExternalId is not null || query.Sku is not null || query.NeedsAttention;
        byte[][] texts = [.. new[] { query.ExternalId, query.Sku }.OfType<string>().Select(Encoding.UTF8.GetBytes)];
        for (var seen = 0; seen < ScanLimit;)
        {
            var found = await read(new OrderQuery(
                tenant, before, isFiltered ? ReadLimit : query.Limit, ScanLimit, query.Status, query.Customer, query.NeedsAttention, query.CreatedAfterUnixMs, query.AttentionCode));
            if (found is not { Page: var page, AsOfUnixMs: var pageAsOf })
                return null;
            asOf = Math.Min(asOf, pageAsOf);
            var hidden = query.NeedsAttention ? await dismissed.AmongAsync(tenant, page.Rows, cancellation) : null;
            for (var i = 0; i < page.Rows.Count; i++)
            {
                var (id, document) = (page.Rows[i].Id, page.Rows[i].Document);
                // Most of them are not worth reading.
                if (!Array.TrueForAll(texts, text => OrderDocument.MayHold(document.Span, text)))
                    continue;
                var order = OrderDocument.Fold(id, document);
                if (order is null || !Matches(order, query) || (hidden is not null && hidden.Contains(order.Id) != query.IsDismissed))
                    continue;
                orders.Add(order);
                if (orders.Count == query.Limit)
                    return new OrderList(orders, i + 1 < page.Rows.Count ? order.Id : page.Next, asOf);
            }

            seen += page.Rows.Count;
            before = page.Next;
            // A short page of the read model means that it has scanned its share.
            if (before is null || !isFiltered || page.Rows.Count < ReadLimit)
                break;
        }

        return new OrderList(orders, before, asOf);
    }

    private async ValueTask<bool> IsShownAsync(TenantId tenant, Order order, OrderListQuery query, CancellationToken cancellation) => !query.NeedsAttention
        || await dismissed.ContainsAsync(tenant, order, cancellation) == query.IsDismissed;

    /// <summary>All but what a person has said of it.</summary>
    public static bool Matches(Order order, OrderListQuery query) =>
        (query.Status is null || order.Status == query.Status)
        && (query.Customer is null || order.Placement.Buyer.CustomerId == query.Customer)
        && (query.ExternalId is null || order.Placement.ExternalId == query.ExternalId)
        && (query.KeyHash is null || order.Placement.KeyHash == query.KeyHash)
        && (query.CreatedAfterUnixMs is null || order.Id.CreatedAtUnixMs >= query.CreatedAfterUnixMs)
        && (!query.NeedsAttention || order.Parked is not null)
        && (query.AttentionCode is null || order.Parked?.Code == query.AttentionCode)
        && (query.Sku is null || Array.Exists(order.Placement.Lines, line => line.Sku == query.Sku));
}
