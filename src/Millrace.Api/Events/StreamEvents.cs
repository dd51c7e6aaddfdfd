using System.Buffers;
using System.Text;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Feed;
using Millrace.Telemetry;

namespace Millrace.Api.Events;

/// <summary>
/// <c>GET /v1/events/stream</c>: events as they become durable, as server-sent events. The id of an event is the cursor after it, so that whoever comes
/// again with <c>Last-Event-ID</c> misses nothing. A stream ends after some minutes, with the node, and with its key: its reader comes again.
/// </summary>
internal sealed class StreamEvents(EventFeed feed, int partitions, OrderTraces traces, Access access, TimeProvider time, CancellationToken stopping)
{
    /// <summary>At a time on one node: each reads the journal for itself.</summary>
    public const int MostOpen = 64;

    /// <summary>Of one tenant: nobody takes them all.</summary>
    public const int MostOfTenant = 16;

    /// <summary>What has nothing to tell says so this often: for as long nothing comes.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private const int EventsInPage = 200;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);
    private readonly Dictionary<TenantId, int> _open = [];

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var problem = EventQuery.Read(http.Request.Query, caller.Tenant, feed, partitions, out var query)
            ?? EventQuery.GoOn(http.Request.Headers["Last-Event-ID"], feed, ref query);
        if (problem is not null)
        {
            await Answer.Problem(http, problem);
            return;
        }

        if (!TryEnter(caller.Tenant))
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Overloaded, $"As many streams are open as this node bears: {MostOfTenant} of a tenant, {MostOpen} in all."));
            return;
        }

        try
        {
            await BeginAsync(http, caller, query.FromNowUnlessTold());
        }
        finally
        {
            Leave(caller.Tenant);
        }
    }

    private bool TryEnter(TenantId tenant)
    {
        lock (_open)
        {
            var own = _open.GetValueOrDefault(tenant);
            if (own >= MostOfTenant || _open.Values.Sum() >= MostOpen)
                return false;
            _open[tenant] = own + 1;
            return true;
        }
    }

    private void Leave(TenantId tenant)
    {
        lock (_open)
        {
            if (_open[tenant] == 1)
                _open.Remove(tenant);
            else
                _open[tenant]--;
        }
    }

    private async Task BeginAsync(HttpContext http, Caller caller, EventQuery query)
    {
        FeedCursor from;
        FeedPage page;
        try
        {
            from = await query.BeginAsync(feed, http.RequestAborted);
            page = await feed.ReadAsync(from, query.Filter, EventsInPage, http.RequestAborted);
        }
        catch (FeedGoneException)
        {
            await Answer.Problem(http, ListEvents.Gone);
            return;
        }

        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        // nginx would gather what shall arrive at once.
        http.Response.Headers["X-Accel-Buffering"] = "no";
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping);
        try
        {
            await GoOnAsync(http, caller, query.Filter, from, page, end.Token);
        }
        catch (Exception ended) when (ended is OperationCanceledException or StoreUnavailableException or FeedGoneException)
        {
            // It is half sent: all that can be said is its end. Whoever comes again is told why, if it is still so.
        }
    }

    private async Task GoOnAsync(HttpContext http, Caller caller, FeedFilter filter, FeedCursor from, FeedPage page, CancellationToken end)
    {
        var begunAt = time.GetTimestamp();
        var saidAt = begunAt;
        // Before the page, not after it: whoever goes on from one of its events goes on from the cursor that he was told before.
        WriteCursor(http.Response.BodyWriter, from);
        while (true)
        {
            for (var i = 0; i < page.Events.Count; i++)
                Write(http.Response.BodyWriter, page.Events[i], i == page.Events.Count - 1 ? page.Next : null);
            if (page.Events.Count > 0 || time.GetElapsedTime(saidAt) >= Silence)
            {
                // Also where nothing was wanted: what came meanwhile need not be looked through again.
                if (page.Events.Count == 0)
                    WriteCursor(http.Response.BodyWriter, page.Next);
                saidAt = time.GetTimestamp();
            }

            await http.Response.BodyWriter.FlushAsync(end);
            if (!page.HasMore)
                await Task.Delay(Pause, time, end);
            if (time.GetElapsedTime(begunAt) >= Life || !await access.IsStillGoodAsync(http, caller, end))
                return;
            page = await feed.ReadAsync(page.Next, filter, EventsInPage, end);
        }
    }

    private void Write(IBufferWriter<byte> body, FeedEvent e, FeedCursor? cursor)
    {
        Encoding.UTF8.GetBytes($"event: {e.Type}\n{(cursor is null ? "" : $"id: {cursor}\n")}data: ", body);
        body.Write(Answer.Render((e, trace: traces.Find(e.Order)), static (w, told) => CloudEventJson.Write(w, told.e, told.trace)));
        body.Write("\n\n"u8);
    }

    // Without data: no event, but where its reader goes on from.
    private static void WriteCursor(IBufferWriter<byte> body, FeedCursor cursor) => Encoding.UTF8.GetBytes($"id: {cursor}\n\n", body);
}
