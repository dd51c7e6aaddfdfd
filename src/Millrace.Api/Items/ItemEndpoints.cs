using Millrace.Api.Admission;
using Millrace.Api.Caching;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Orders;
using Millrace.Api.Problems;
using Millrace.Domain.Stock;
using Millrace.Engine.Requests;

namespace Millrace.Api.Items;

/// <summary>The catalog, and what can be sold of it.</summary>
internal sealed class ItemEndpoints(AdmittedRouter router, AvailabilityReads availability)
{
    public async Task PutAsync(HttpContext http, Caller caller)
    {
        var sku = Sku(http);
        var utf8 = Array.Empty<byte>();
        var problem = ItemBody.IsSku(sku) ? null : Problem.Of([new FieldError("", "invalid_format", "A SKU is 1 to 64 characters of printable ASCII.")]);
        int? expected = null;
        bool? mustExist = null;
        problem ??= ReadConditions(http.Request.Headers, out expected, out mustExist);
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        StockCommand.DefineItem? command = null;
        problem ??= ItemBody.Parse(utf8, caller.Tenant, sku, out command);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        // PUT is idempotent by itself: the same entry again changes nothing.
        var reply = await router.SendAsync(new PartitionRequest.ChangeStock(command!, sku, null, expected, mustExist), Priority.Bulk, caller.Tenant, null, http.RequestAborted);
        if (reply is { Status: ReplyStatus.Accepted, Item: { } changed })
            await availability.ForgetAsync(changed);
        await SendAsync(http, reply, reply.Status == ReplyStatus.Accepted && reply.Item is { Version: 1 }
            ? StatusCodes.Status201Created
            : StatusCodes.Status200OK);
    }

    public async Task GetAsync(HttpContext http, Caller caller)
    {
        var reply = await router.SendAsync(new PartitionRequest.ReadItem(caller.Tenant, Sku(http)), Priority.Read, caller.Tenant, null, http.RequestAborted);
        http.Response.Headers.CacheControl = "private, no-cache";
        await SendAsync(http, reply, StatusCodes.Status200OK);
    }

    public async Task AvailabilityAsync(HttpContext http, Caller caller)
    {
        try
        {
            var (item, outcome) = await availability.GetAsync(caller.Tenant, Sku(http), http.RequestAborted);
            // Private: the answer depends on the key's tenant. Short: a shop window may be a few seconds late, a checkout is not.
            http.Response.Headers.CacheControl = outcome == CacheOutcome.Stale ? "private, max-age=1" : "private, max-age=5";
            http.Response.Headers.Vary = "Authorization";
            http.Response.Headers["Cache-Status"] = PublicCaching.Status(outcome);
            await Answer.Json(http, StatusCodes.Status200OK, item, ItemJson.WriteAvailability);
        }
        catch (NotReadException failure)
        {
            await Answer.Problem(http, failure.Problem);
        }
    }

    /// <param name="reply">One without an item, or a refusal.</param>
    public static Problem ProblemOf(PartitionReply reply) => reply.Status switch
    {
        ReplyStatus.VersionMismatch => new Problem(ProblemKinds.VersionMismatch, "The item is not what the condition says."),
        _ when reply.Status == ReplyStatus.NotFound || reply.IsSuccess() => new Problem(ProblemKinds.ItemNotFound, "There is no such item."),
        _ => ReplyProblem.Of(reply),
    };

    public static Task SendAsync(HttpContext http, PartitionReply reply, int status)
    {
        if (!reply.IsSuccess() || reply.Item is null)
            return Answer.Problem(http, ProblemOf(reply));
        http.Response.Headers.ETag = OrderETag.Of(reply.Item.Version);
        if (OrderETag.IsNotModified(http.Request.Headers.IfNoneMatch, reply.Item.Version) && (HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method)))
            return Answer.Empty(http, StatusCodes.Status304NotModified);
        return Answer.Json(http, status, reply.Item, ItemJson.Write);
    }

    // What a PUT finds must be of a version, must be there, or must not be.
    private static Problem? ReadConditions(IHeaderDictionary headers, out int? expected, out bool? mustExist)
    {
        mustExist = headers.IfMatch.Count > 0 ? true : null;
        if (OrderETag.ReadIfMatch(headers.IfMatch, out expected) is { } problem)
            return problem;
        if (headers.IfNoneMatch.Count == 0)
            return null;
        if (headers.IfNoneMatch != "*" || mustExist is not null)
            return new Problem(ProblemKinds.InvalidHeader, "If-None-Match takes * here, and goes without If-Match.");
        mustExist = false;
        return null;
    }

    // The server leaves an escaped slash in a path alone; in a SKU it is a character like others.
    private static string Sku(HttpContext http) =>
        ((string?)http.GetRouteValue("sku") ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
}
