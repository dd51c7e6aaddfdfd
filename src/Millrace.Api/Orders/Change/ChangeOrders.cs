using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Api.Tracking;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;

namespace Millrace.Api.Orders.Change;

/// <summary>Commands on an order: parse, send to the owner, show the order after it.</summary>
internal sealed class ChangeOrders(AdmittedRouter router, WatchedOrders watched, TrackingTokens tokens)
{
    /// <param name="name">Part of the idempotency key's scope; stored, never to change.</param>
    /// <param name="parse">Reads the body.</param>
    /// <param name="status">Of a success.</param>
    public Authorized Handle(string name, ChangeBody parse, int status = StatusCodes.Status200OK) =>
        (http, caller) => HandleAsync(http, caller, name, parse, status);

    private async Task HandleAsync(HttpContext http, Caller caller, string name, ChangeBody parse, int status)
    {
        var headers = http.Request.Headers;
        var hold = (string?)http.GetRouteValue("hold") ?? "";
        int? expected = null;
        OrderId id = default;
        var problem = IdempotencyKey.Read(headers[IdempotencyKey.HeaderName], out var idempotencyKey)
            ?? OrderETag.ReadIfMatch(headers.IfMatch, out expected)
            ?? ReadId(http, out id);
        TimeSpan? patience = null;
        problem ??= RequestTimeout.Read(http.Request, out patience);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: true);
        if (problem is null)
        {
            var keyHash = NameHash.ChangeKey(caller.Tenant, $"orders/{id}/{name}/{hold}", idempotencyKey);
            problem = Parse(utf8, parse, new ChangeTarget(keyHash, hold), out var command);
            if (problem is null)
            {
                var request = new PartitionRequest.ChangeOrder(
                    id, caller.Tenant, command, caller.Actor, new ChangeKey(keyHash, PayloadHash.Of(utf8)), expected);
                await SendAsync(http, await router.SendAsync(request, Priority.Change, caller.Tenant, patience, http.RequestAborted), status);
                return;
            }
        }

        await Answer.Problem(http, problem);
    }

    private static Problem? ReadId(HttpContext http, out OrderId id) =>
        OrderId.TryParse((string?)http.GetRouteValue("id"), out id) ? null : new Problem(ProblemKinds.OrderNotFound, "There is no such order.");

    private static Problem? Parse(ReadOnlySpan<byte> utf8, ChangeBody parse, ChangeTarget target, out OrderCommand command)
    {
        var json = new StrictJson(utf8);
        command = parse(ref json, target);
        json.End();
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    private Task SendAsync(HttpContext http, PartitionReply reply, int status)
    {
        if (!reply.IsSuccess())
            return Answer.Problem(http, ReplyProblem.Of(reply));
        // Its owner tells too, but later.
        if (reply.Status == ReplyStatus.Accepted)
            watched.Changed(reply.Order!.Id, reply.Order.Version);
        http.Response.Headers.ETag = OrderETag.Of(reply.Order!.Version);
        http.Response.Headers[ConsistencyToken.HeaderName] = ConsistencyToken.Of(reply.Order);
        if (reply.Status == ReplyStatus.Replayed)
            http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
        return Answer.Json(http, status, (reply.Order, tokens), static (w, o) => OrderJson.Write(w, o.Order, o.tokens));
    }
}
