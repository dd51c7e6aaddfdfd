using Millrace.Api.Admission;
using Millrace.Api.Caching;
using Millrace.Api.Edge;
using Millrace.Api.Orders;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Engine.Requests;

namespace Millrace.Api.Tracking;

/// <summary><c>GET /v1/track/{token}</c>: how far an order is, for whoever has its link, and for caches in between.</summary>
internal sealed class TrackEndpoint(AdmittedRouter router, TrackingTokens tokens, WatchedOrders watched, NodeCache cache, CdnOptions options, TimeProvider time)
{
    /// <summary>What its addresses begin with: what is behind it shows an order.</summary>
    public const string Path = "/v1/track";

    public const string Route = Path + "/{token}";

    // Whose turn it is at the gate: all of the public together are one.
    private static readonly TenantId Public = TenantId.Parse("-public-");

    public async Task HandleAsync(HttpContext http)
    {
        if (!tokens.TryRead((string?)http.GetRouteValue("token"), out var id))
        {
            await Answer.Problem(http, Unknown());
            return;
        }

        var isPurged = watched.Add(id);
        try
        {
            var key = id.ToString();
            var (order, outcome) = await cache.GetAsync(watched.Kind, key, cancellation => ReadAsync(id, cancellation), http.RequestAborted);
            PublicCaching.Apply(http.Response, options, outcome, isPurged, [Purges.Everything, key]);
            await SendAsync(http, order);
        }
        catch (NotReadException failure)
        {
            await Answer.Problem(http, failure.Problem);
        }
    }

    private static Problem Unknown() => new(ProblemKinds.OrderNotFound, "There is no such order.");

    private async Task<TrackedOrder> ReadAsync(OrderId id, CancellationToken cancellation)
    {
        var reply = await router.SendAsync(new PartitionRequest.ReadOrder(id, null), Priority.Read, Public, null, cancellation);
        if (!reply.IsSuccess())
            throw new NotReadException(ReplyProblem.Of(reply));
        watched.Read(id, reply.Order!.Version);
        return TrackedOrder.Of(reply, time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private static Task SendAsync(HttpContext http, TrackedOrder order)
    {
        var isPage = MediaPreference.IsForHtml(http.Request.Headers.Accept);
        var body = isPage ? TrackPage.Render(order) : Answer.Render(order, TrackedOrderJson.Write);
        var headers = http.Response.Headers;
        headers.Vary = "Accept";
        headers.ETag = PublicCaching.ETag(body);
        // The address is all that it takes to see this: it is not to be found, nor handed on.
        headers["X-Robots-Tag"] = "noindex, nofollow";
        headers["Referrer-Policy"] = "no-referrer";
        if (isPage)
            headers.ContentSecurityPolicy = TrackPage.ContentSecurityPolicy;
        return OrderETag.IsNotModified(http.Request.Headers.IfNoneMatch, headers.ETag.ToString())
            ? Answer.Empty(http, StatusCodes.Status304NotModified)
            : Answer.Send(http, StatusCodes.Status200OK, isPage ? "text/html; charset=utf-8" : "application/json", body);
    }
}
