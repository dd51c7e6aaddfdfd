using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Millrace.Api.Events;
using Millrace.Api.Keys;
using Xunit;

namespace Millrace.Tests.Api.Events;

/// <summary>The feed over HTTP: pages and streams.</summary>
public sealed class EventEndpointTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Whoever_follows_page_after_page_is_told_the_whole_of_each_order_and_no_order_of_others()
    {
        var start = (await server.SendAsync("GET", "/v1/events?after=now"))["next_cursor"]!.GetValue<string>();
        var (first, second) = (await ConfirmedAsync(), await ConfirmedAsync());
        var stranger = server.NewKey("stranger", Scopes.EventsRead);

        var events = await AllAsync(start, limit: 3);

        foreach (var (id, version) in new[] { first, second })
        {
            var own = events.Where(e => (string)e["subject"]! == id).ToList();
            Assert.Equal(Enumerable.Range(1, version).Select(v => v.ToString()), own.Select(e => (string)e["sequence"]!));
            var timeline = (await server.SendAsync("GET", $"/v1/orders/{id}/events"))["data"]!.AsArray();
            Assert.Equal(timeline.Select(e => e!.ToJsonString()), own.Select(e => e["data"]!.ToJsonString()));
        }

        Assert.Equal(events.Count, events.Select(e => (string)e["id"]!).Distinct().Count());
        Assert.Empty((await server.SendAsync("GET", $"/v1/events?after={start}", key: stranger))["data"]!.AsArray());
        Assert.Equal(["order.confirmed.v1", "order.confirmed.v1"], (await AllAsync(start, 200, "&type=order.confirmed.v1")).Select(e => (string)e["type"]!));
    }

    [Fact]
    public async Task A_stream_tells_what_happens_and_goes_on_where_it_was_left()
    {
        using var first = await OpenAsync(server.AdminKey, "?type=order.placed.v1,order.confirmed.v1");
        var (id, _) = await ConfirmedAsync();

        var told = await first.TakeAsync(2);
        Assert.Equal(["order.placed.v1", "order.confirmed.v1"], told.Select(e => e.Type));
        Assert.All(told, e => Assert.Equal(id, (string)JsonNode.Parse(e.Data)!["subject"]!));
        var last = first.LastId!;
        first.Dispose();
        var (missed, _) = await ConfirmedAsync();

        using var second = await OpenAsync(server.AdminKey, "?type=order.confirmed.v1", last);
        Assert.Equal([missed], (await second.TakeAsync(1)).Select(e => (string)JsonNode.Parse(e.Data)!["subject"]!));
    }

    // What is sent together has one cursor, at its end.
    [Fact]
    public async Task Whoever_goes_on_from_where_the_first_of_many_events_has_left_him_is_told_the_others()
    {
        var start = (await server.SendAsync("GET", "/v1/events?after=now"))["next_cursor"]!.GetValue<string>();
        var (id, version) = await ConfirmedAsync();
        using var first = await OpenAsync(server.AdminKey, "", start);
        var told = (await first.TakeAsync(1)).Select(OfOrder).ToList();
        var kept = first.LastId!;
        first.Dispose();

        using var second = await OpenAsync(server.AdminKey, "", kept);
        while (told[^1] != (id, version))
            told.AddRange((await second.TakeAsync(1)).Select(OfOrder));

        Assert.Equal(Enumerable.Range(1, version), told.Where(e => e.Order == id).Select(e => e.Version).Distinct());

        static (string Order, int Version) OfOrder((string Type, string Data) e)
        {
            var told = JsonNode.Parse(e.Data)!;
            return ((string)told["subject"]!, int.Parse((string)told["sequence"]!, CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public async Task A_stream_ends_with_the_key_that_opened_it()
    {
        var key = server.NewKey("acme", Scopes.EventsRead);
        using var stream = await OpenAsync(key, "");
        var id = (await server.SendAsync("GET", "/v1/api-keys"))["data"]!.AsArray()
            .Single(k => string.Join(',', k!["scopes"]!.AsArray().Select(s => (string)s!)) == "events:read")!["id"]!;

        Assert.Equal(204, (await server.SendAsync("DELETE", $"/v1/api-keys/{id}")).Status);

        await stream.EndAsync();
    }

    [Fact]
    public async Task As_many_streams_as_a_tenant_may_and_no_more()
    {
        var open = new List<EventStream>();
        try
        {
            // The last of other tests may still be open.
            while (true)
            {
                var stream = await TryOpenAsync(server.AdminKey, "");
                if (stream is null)
                    break;
                open.Add(stream);
                Assert.True(open.Count <= StreamEvents.MostOfTenant);
            }

            (await server.SendAsync("GET", "/v1/events/stream")).Problem(503, "overloaded");
            // Another tenant has its own.
            using var others = await OpenAsync(server.NewKey("stranger", Scopes.EventsRead), "");
        }
        finally
        {
            open.ForEach(stream => stream.Dispose());
        }
    }

    [Theory]
    [InlineData("/v1/events?after=AAAA", "invalid_cursor")]
    [InlineData("/v1/events?type=order.paid.v1", "invalid_parameter")]
    [InlineData("/v1/events?share=5/4", "invalid_parameter")]
    [InlineData("/v1/events?share=9/8", "invalid_parameter")]
    [InlineData("/v1/events?limit=201", "invalid_parameter")]
    [InlineData("/v1/events?since=now", "invalid_parameter")]
    [InlineData("/v1/events?after=now&after=now", "invalid_parameter")]
    [InlineData("/v1/events/stream?after=AAAA", "invalid_cursor")]
    public async Task What_cannot_be_followed_is_refused(string path, string code) => (await server.SendAsync("GET", path)).Problem(400, code);

    [Fact]
    public async Task A_cursor_is_of_its_share()
    {
        var cursor = (await server.SendAsync("GET", "/v1/events?after=now&share=2/4"))["next_cursor"]!.GetValue<string>();
        Assert.Equal(200, (await server.SendAsync("GET", $"/v1/events?after={cursor}")).Status);
        (await server.SendAsync("GET", $"/v1/events?after={cursor}&share=1/4")).Problem(400, "invalid_cursor");
        (await server.SendAsync("GET", "/v1/events/stream", headers: "Last-Event-ID: nonsense")).Problem(400, "invalid_cursor");
    }

    private async Task<(string Id, int Version)> ConfirmedAsync()
    {
        var sku = "e" + Guid.NewGuid().ToString("N")[..8];
        await server.StockAsync(sku, 5);
        var placed = await server.PostAsync(
            "/v1/orders", $$"""{"customer":{"id":"c"},"currency":"EUR","lines":[{"sku":"{{sku}}","quantity":1}],"payment":{"token":"tok_ok"} }""", Guid.NewGuid().ToString(), "Prefer: wait=20");
        Assert.Equal("confirmed", (string)placed["status"]!);
        return ((string)placed["id"]!, (int)placed["version"]!);
    }

    private async Task<List<JsonNode>> AllAsync(string after, int limit, string more = "")
    {
        var events = new List<JsonNode>();
        while (true)
        {
            var page = await server.SendAsync("GET", $"/v1/events?after={after}&limit={limit}{more}");
            events.AddRange(page["data"]!.AsArray().Select(e => e!));
            after = page["next_cursor"]!.GetValue<string>();
            if (!(bool)page["has_more"]!)
                return events;
            Assert.Contains($"after={after}", page.Header("Link"), StringComparison.Ordinal);
        }
    }

    // Streams of another test may be ending still.
    private async Task<EventStream> OpenAsync(string key, string query, string? last = null)
    {
        while (true)
        {
            if (await TryOpenAsync(key, query, last) is { } stream)
                return stream;
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    private async Task<EventStream?> TryOpenAsync(string key, string query, string? last = null)
    {
        var client = new HttpClient { BaseAddress = server.Address };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/events/stream" + query);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        if (last is not null)
            request.Headers.Add("Last-Event-ID", last);
        var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            client.Dispose();
            return null;
        }

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.MediaType);
        return new EventStream(client, await response.Content.ReadAsStreamAsync());
    }

    private sealed class EventStream : IDisposable
    {
        private readonly HttpClient _client;
        private readonly SseParser<string> _parser;
        private readonly IAsyncEnumerator<SseItem<string>> _events;

        public EventStream(HttpClient client, Stream body)
        {
            _client = client;
            _parser = SseParser.Create(body);
            _events = _parser.EnumerateAsync().GetAsyncEnumerator();
        }

        public string? LastId => _parser.LastEventId;

        public async Task<List<(string Type, string Data)>> TakeAsync(int count)
        {
            var taken = new List<(string, string)>();
            while (taken.Count < count && await _events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken))
                taken.Add((_events.Current.EventType, _events.Current.Data));
            return taken;
        }

        public async Task EndAsync()
        {
            while (await _events.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken))
            {
            }
        }

        public void Dispose() => _client.Dispose();
    }
}
