using System.Globalization;
using System.Text.Json;
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
        var problem = ReadMoment(http.Request.Query, out var asOf, out var version);
        PartitionReply? reply = null;
        if (problem is null)
            (reply, problem) = await FindAsync(http, caller);
        var order = problem is null ? At(reply!, asOf, version) : null;
        if (order is null)
        {
            await Answer.Problem(http, problem ?? new Problem(ProblemKinds.OrderNotFound, "The order did not exist then, or has not had so many events."));
            return;
        }

        await SendAsync(http, order.Version, (order, tokens), static (w, o) => OrderJson.Write(w, o.order, o.tokens));
    }

    public async Task EventsAsync(HttpContext http, Caller caller)
    {
        var (reply, problem) = await FindAsync(http, caller);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        await SendAsync(http, reply!.Order!.Version, reply.Document, static (w, document) =>
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

        await SendAsync(http, reply!.Order!.Version, reply, static (w, found) => LedgerJson.Write(w, (found.Order!, Ledger(found))));
    }

    /// <summary>The order of the address, if it is the caller's.</summary>
    public async ValueTask<(PartitionReply? Reply, Problem? Problem)> FindAsync(HttpContext http, Caller caller)
    {
        if (!OrderId.TryParse((string?)http.GetRouteValue("id"), out var id))
            return (null, new Problem(ProblemKinds.OrderNotFound, "There is no such order."));
        var reply = await router.SendAsync(new PartitionRequest.ReadOrder(id, caller.Tenant), Priority.Read, caller.Tenant, null, http.RequestAborted);
        return reply.IsSuccess() ? (reply, null) : (null, ReplyProblem.Of(reply));
    }

    // Its events and its ledger follow from the order's events: they are as new as it.
    private static Task SendAsync<T>(HttpContext http, int version, T shown, Action<Utf8JsonWriter, T> write)
    {
        http.Response.Headers.CacheControl = "private, no-cache";
        http.Response.Headers.ETag = OrderETag.Of(version);
        return OrderETag.IsNotModified(http.Request.Headers.IfNoneMatch, version)
            ? Answer.Empty(http, StatusCodes.Status304NotModified)
            : Answer.Json(http, StatusCodes.Status200OK, shown, write);
    }

    // Events often share a millisecond: after which of them, only its number says.
    private static Problem? ReadMoment(IQueryCollection query, out long? asOf, out int? version)
    {
        (asOf, version) = (null, null);
        if (query.TryGetValue("as_of", out var time))
        {
            if (!Rfc3339.TryParse(time, out var unixMs))
                return new Problem(ProblemKinds.InvalidParameter, "as_of is a time of RFC 3339, such as 2026-01-31T12:00:00Z.");
            asOf = unixMs;
        }

        if (!query.TryGetValue("version", out var number))
            return null;
        if (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var events) || events == 0)
            return new Problem(ProblemKinds.InvalidParameter, "version is the number of one of the order's events, from 1.");
        version = events;
        return asOf is null ? null : new Problem(ProblemKinds.InvalidParameter, "as_of and version name two moments; give one of them.");
    }

    private static Order? At(PartitionReply reply, long? asOf, int? version)
    {
        if ((asOf, version) is (null, null))
            return reply.Order;
        Order? order = null;
        foreach (var recorded in OrderDocument.Read(reply.Document))
        {
            if (recorded.Context.AtUnixMs > asOf || (order is not null && order.Version == version))
                break;
            order = Order.Evolve(reply.Order!.Id, order, recorded.Fact, recorded.Context);
        }

        return order?.Version < version ? null : order;
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
