using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Feed;
using Millrace.Telemetry;

namespace Millrace.Api.Events;

/// <summary><c>GET /v1/events</c>: what happened to the tenant's orders, page after page.</summary>
internal sealed class ListEvents(EventFeed feed, int partitions, OrderTraces traces)
{
    public static readonly Problem Gone = new(ProblemKinds.EventsGone, "What came after the cursor is not here: it is archived, or the store was restored to an earlier moment. Begin again without one, or read the orders.");

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        if (EventQuery.Read(http.Request.Query, caller.Tenant, feed, partitions, out var query) is { } problem)
        {
            await Answer.Problem(http, problem);
            return;
        }

        FeedPage page;
        try
        {
            page = await feed.ReadAsync(await query.BeginAsync(feed, http.RequestAborted), query.Filter, query.Limit, http.RequestAborted);
        }
        catch (FeedGoneException)
        {
            await Answer.Problem(http, Gone);
            return;
        }

        http.Response.Headers.CacheControl = "private, no-cache";
        if (page.HasMore)
            http.Response.Headers.Link = $"<{EventQuery.NextUrl(http.Request.Query, page.Next)}>; rel=\"next\"";
        await Answer.Json(http, StatusCodes.Status200OK, (page, traces), static (w, told) =>
        {
            w.WriteStartObject();
            w.WriteStartArray("data"u8);
            foreach (var e in told.page.Events)
                CloudEventJson.Write(w, e, told.traces.Find(e.Order));
            w.WriteEndArray();
            w.WriteBoolean("has_more"u8, told.page.HasMore);
            w.WriteString("next_cursor"u8, told.page.Next.ToString());
            w.WriteEndObject();
        });
    }
}
