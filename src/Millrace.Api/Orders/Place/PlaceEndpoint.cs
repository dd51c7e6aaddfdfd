using System.Buffers;
using System.IO.Pipelines;
using Millrace.Api.Admission;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Api.Tracking;
using Millrace.Cluster;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;

namespace Millrace.Api.Orders.Place;

/// <summary><c>POST /v1/orders</c>: the hot path.</summary>
internal sealed class PlaceEndpoint(PlaceOrders orders, PartitionRouter router, TrackingTokens tokens, ApiOptions options, TimeProvider time, CancellationToken stopping)
{
    private static readonly TimeSpan AskAgain = TimeSpan.FromMilliseconds(250);

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var request = http.Request;
        var problem = IdempotencyKey.Read(request.Headers[IdempotencyKey.HeaderName], out var idempotencyKey)
            ?? BodyReading.Check(request, BodyReading.MaxBytes);
        TimeSpan? patience = null;
        problem ??= RequestTimeout.Read(request, out patience);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        var body = await BodyReading.ReadAsync(request, BodyReading.MaxBytes);
        problem = Parse(request, body, options.OnlyPsp, out var draft, out var payloadHash);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        // No token: once sent, the order is placed whether or not the client waits, and waiting costs nothing.
        var outcome = await orders.PlaceAsync(draft, caller, idempotencyKey, payloadHash, Priority.Place, patience, CancellationToken.None);
        if (outcome.Problem is not null)
        {
            await Answer.Problem(http, outcome.Problem);
            return;
        }

        var order = outcome.Order!;
        var seconds = request.Headers.TryGetValue("Prefer", out var prefer) ? PreferWait.Read(prefer) : 0;
        var settled = seconds > 0 ? await AwaitSettledAsync(http, order, seconds) : null;
        if (seconds > 0)
            http.Response.Headers["Preference-Applied"] = $"wait={seconds}";
        // Who waited in vain is shown how far it has come.
        var shown = settled ?? (seconds > 0 ? await ReadAsync(http, order) : order);
        await SendAsync(http, shown, settled is null ? StatusCodes.Status202Accepted : SettledStatus(settled), outcome.IsReplay);
    }

    /// <summary>For the bench: the same parsing, and nothing else.</summary>
    public async Task HandleNoopAsync(HttpContext http)
    {
        var problem = BodyReading.Check(http.Request, BodyReading.MaxBytes);
        if (problem is null)
        {
            var body = await BodyReading.ReadAsync(http.Request, BodyReading.MaxBytes);
            problem = Parse(http.Request, body, options.OnlyPsp, out _, out _);
        }

        if (problem is null)
            await Answer.Send(http, StatusCodes.Status202Accepted, "application/json", "{}"u8);
        else
            await Answer.Problem(http, problem);
    }

    /// <summary>Reads one order from the body and gives the body back.</summary>
    private static Problem? Parse(
        HttpRequest request, in ReadResult body, string defaultPsp, out PlaceDraft draft, out UInt128 payloadHash)
    {
        draft = null!;
        payloadHash = default;
        byte[]? rented = null;
        try
        {
            if (body.Buffer.Length > BodyReading.MaxBytes)
                return BodyReading.TooLarge(BodyReading.MaxBytes);
            var utf8 = BodyReading.Contiguous(body, out rented);
            var json = new StrictJson(utf8);
            draft = PlaceParser.Parse(ref json, defaultPsp);
            json.End();
            payloadHash = PayloadHash.Of(utf8);
            return json.HasErrors ? Problem.Of(json.Errors) : null;
        }
        finally
        {
            BodyReading.Release(request, body);
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented);
        }
    }

    /// <returns>Null when it is not settled by then. It is durable whatever happens to the waiting: without its end, the first view is the answer.</returns>
    private async ValueTask<Order?> AwaitSettledAsync(HttpContext http, Order order, int seconds)
    {
        var patience = TimeSpan.FromSeconds(seconds);
        using var timeout = new CancellationTokenSource(patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, http.RequestAborted, stopping);
        var began = time.GetTimestamp();
        try
        {
            while (true)
            {
                var until = time.GetUtcNow() + patience - time.GetElapsedTime(began);
                var reply = await router.SendAsync(new PartitionRequest.AwaitSettled(order.Id, order.Placement.Tenant, until.ToUnixTimeMilliseconds()), either.Token);
                if (reply is not { Status: ReplyStatus.Unavailable, Code: not AdmittedRouter.OverloadedCode })
                    return reply.IsSuccess() && reply.Order is { Status: not OrderStatus.Pending } ? reply.Order : null;
                // Its partition moves, or recovers: the caller has time.
                await Task.Delay(AskAgain, time, either.Token);
            }
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            return null;
        }
    }

    private async ValueTask<Order> ReadAsync(HttpContext http, Order order)
    {
        using var timeout = new CancellationTokenSource(AskAgain, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, http.RequestAborted, stopping);
        try
        {
            var reply = await router.SendAsync(new PartitionRequest.ReadOrder(order.Id, order.Placement.Tenant), either.Token);
            return reply.IsSuccess() ? reply.Order! : order;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested || stopping.IsCancellationRequested)
        {
            return order;
        }
    }

    private static int SettledStatus(Order order) => order.Status is OrderStatus.Confirmed or OrderStatus.Completed
        ? StatusCodes.Status201Created
        : StatusCodes.Status200OK;

    private Task SendAsync(HttpContext http, Order order, int status, bool isReplay)
    {
        var id = order.Id.ToString();
        var headers = http.Response.Headers;
        headers.Location = "/v1/orders/" + id;
        headers.ETag = OrderETag.Of(order.Version);
        headers[ConsistencyToken.HeaderName] = ConsistencyToken.Of(order);
        if (isReplay)
            headers[IdempotencyKey.ReplayedHeaderName] = "true";
        return Answer.Json(http, status, (order, id, tokens), static (w, o) => OrderJson.Write(w, o.order, o.id, o.tokens));
    }
}
