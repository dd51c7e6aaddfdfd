using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Api.Tracking;
using Millrace.Domain.Identity;
using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;

namespace Millrace.Api.Orders.Read;

/// <summary>One order: as it is, as it was, its timeline and its ledger. Always from its owner, so a client reads what it wrote.</summary>
internal sealed class ReadOrders(AdmittedRouter router, TrackingTokens tokens)
{
    public async Task GetAsync(HttpContext http, Caller caller)
    {
        long? asOf = null;
        if (http.Request.Query.TryGetValue("as_of", out var text))
        {
            if (!Rfc3339.TryParse(text, out var unixMs))
            {
                await Answer.Problem(http, new Problem(ProblemKinds.InvalidParameter, "as_of is a time of RFC 3339, such as 2026-01-31T12:00:00Z."));
                return;
            }

            asOf = unixMs;
        }

        var (reply, problem) = await FindAsync(http, caller);
        var order = problem is null && asOf is { } time ? FoldUntil(reply!, time) : reply?.Order;
        if (order is null)
        {
            await Answer.Problem(http, problem ?? new Problem(ProblemKinds.OrderNotFound, "The order did not exist at that time."));
            return;
        }

        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.ETag = OrderETag.Of(order.Version);
        if (OrderETag.IsNotModified(http.Request.Headers.IfNoneMatch, order.Version))
            await Answer.Empty(http, StatusCodes.Status304NotModified);
        else
            await Answer.Json(http, StatusCodes.Status200OK, (order, tokens), static (w, o) => OrderJson.Write(w, o.order, o.tokens));
    }

    public async Task EventsAsync(HttpContext http, Caller caller)
    {
        var (reply, problem) = await FindAsync(http, caller);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        http.Response.Headers.CacheControl = "private, no-cache";
        await Answer.Json(http, StatusCodes.Status200OK, reply!.Document, static (w, document) =>
        {
            w.WriteStartObject();
            w.WriteStartArray("data"u8);
            foreach (var recorded in OrderDocument.Read(document))
                OrderEventJson.Write(w, recorded);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }

    public async Task LedgerAsync(HttpContext http, Caller caller)
    {
        var (reply, problem) = await FindAsync(http, caller);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        http.Response.Headers.CacheControl = "private, no-cache";
        await Answer.Json(http, StatusCodes.Status200OK, (reply!.Order!, Ledger(reply)), LedgerJson.Write);
    }

    /// <summary>The order of the address, if it is the caller's.</summary>
    public async ValueTask<(PartitionReply? Reply, Problem? Problem)> FindAsync(HttpContext http, Caller caller)
    {
        if (!OrderId.TryParse((string?)http.GetRouteValue("id"), out var id))
            return (null, new Problem(ProblemKinds.OrderNotFound, "There is no such order."));
        var reply = await router.SendAsync(new PartitionRequest.ReadOrder(id, caller.Tenant), Priority.Read, caller.Tenant, null, http.RequestAborted);
        return reply.IsSuccess() ? (reply, null) : (null, ReplyProblem.Of(reply));
    }

    private static Order? FoldUntil(PartitionReply reply, long unixMs)
    {
        Order? order = null;
        foreach (var recorded in OrderDocument.Read(reply.Document))
        {
            if (recorded.Context.AtUnixMs > unixMs)
                break;
            order = Order.Evolve(reply.Order!.Id, order, recorded.Fact, recorded.Context);
        }

        return order;
    }

    private static List<LedgerEntry> Ledger(PartitionReply reply)
    {
        Order? order = null;
        var entries = new List<LedgerEntry>();
        foreach (var recorded in OrderDocument.Read(reply.Document))
        {
            if (OrderLedger.EntryFor(order, recorded.Fact, recorded.Context) is { } entry)
                entries.Add(entry);
            order = Order.Evolve(reply.Order!.Id, order, recorded.Fact, recorded.Context);
        }

        return entries;
    }
}
