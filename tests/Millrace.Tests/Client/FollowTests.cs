using Millrace.Client;
using Millrace.Client.Events;
using Xunit;

namespace Millrace.Tests.Client;

/// <summary>A subscription outlives what interrupts it, and ends with what does not pass.</summary>
public sealed class FollowTests
{
    [Fact]
    public async Task It_goes_on_after_the_last_cursor_that_it_was_told()
    {
        var server = new ScriptedServer(
            () => Stream("id: c1", "", "event: x", Data("e1"), "", "id: c2", Data("e2"), "", Data("cut off in the middle")),
            ScriptedServer.Lost,
            () => ScriptedServer.Problem(503, "unavailable", "1"),
            () => Stream(": nothing", "", "id: c3", ""),
            () => Stream("id: c4", "", Data("e3"), "", "id: c5", Data("e4"), ""));

        var told = await Follow(server, null).Take(4).ToListAsync();

        Assert.Equal([("e1", "c1"), ("e2", "c2"), ("e3", "c4"), ("e4", "c5")], told.Select(followed => (followed.Event.Id, followed.Cursor)));
        Assert.Equal([null, "c2", "c2", "c2", "c3"], server.Seen.Select(request => request.Header("Last-Event-ID")));
        Assert.All(server.Seen, request => Assert.Equal("?after=now", request.Address.Query));
    }

    [Fact]
    public async Task It_begins_where_it_is_told()
    {
        var server = new ScriptedServer(() => Stream("id: c8", "", "id: c9", Data("e1"), ""));
        var told = await Follow(server, "c7").FirstAsync();
        Assert.Equal(("e1", "c9", "c7"), (told.Event.Id, told.Cursor, Assert.Single(server.Seen).Header("Last-Event-ID")));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(520)]
    public async Task A_server_that_has_failed_is_asked_again(int status)
    {
        var server = new ScriptedServer(
            () => Stream("id: c1", "", "id: c2", Data("e1"), ""), () => ScriptedServer.Problem(status, "failed"), () => Stream("id: c2", "", "id: c3", Data("e2"), ""));
        var told = await Follow(server, null).Take(2).ToListAsync();
        Assert.Equal(["e1", "e2"], told.Select(followed => followed.Event.Id));
        Assert.Equal([null, "c2", "c2"], server.Seen.Select(request => request.Header("Last-Event-ID")));
    }

    [Theory]
    [InlineData(401, "unauthenticated")]
    [InlineData(403, "insufficient_scope")]
    [InlineData(410, "events_gone")]
    public async Task What_no_repeat_would_mend_ends_it(int status, string code)
    {
        var server = new ScriptedServer(() => Stream("id: c1", "", "id: c2", Data("e1"), ""), () => ScriptedServer.Problem(status, code));
        var told = new List<string>();
        var refused = await Assert.ThrowsAsync<MillraceProblemException>(async () =>
        {
            await foreach (var followed in Follow(server, null))
                told.Add(followed.Event.Id);
        });
        Assert.Equal((status, code), (refused.Status, refused.Code));
        Assert.Equal(["e1"], told);
    }

    [Fact]
    public async Task It_ends_when_it_is_cancelled()
    {
        using var end = new CancellationTokenSource();
        var server = new ScriptedServer(() => Stream("id: c1", "", "id: c2", Data("e1"), ""));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in Follow(server, null, end.Token))
                await end.CancelAsync();
        });
        Assert.Single(server.Seen);
    }

    private static async IAsyncEnumerable<FollowedEvent> Follow(ScriptedServer server, string? after, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var http = new HttpClient(server);
        using var client = new MillraceClient(new MillraceClientOptions { BaseAddress = new Uri("http://test"), ApiKey = "key", Time = new Hurried() }, http);
        await foreach (var followed in client.Events.FollowAsync(after, cancellation: cancellation))
            yield return followed;
    }

    private static HttpResponseMessage Stream(params string[] lines) => ScriptedServer.Json(200, string.Join('\n', lines) + "\n", "text/event-stream");

    private static string Data(string id) => "data: " + $$"""
        {"specversion":"1.0","id":"{{id}}","source":"/v1/orders","type":"order.confirmed.v1","subject":"ord_1","time":"2026-01-31T12:00:00.000Z","datacontenttype":"application/json","sequence":"7","partitionkey":"ord_1","data":{"version":7,"type":"order.confirmed.v1","at":"2026-01-31T12:00:00.000Z","actor":{"kind":"system","name":null},"data":{} } }
        """;

    /// <summary>Pauses are over at once; what is waited for longer than any pause does not come to an end.</summary>
    private sealed class Hurried : TimeProvider
    {
        private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, dueTime <= LongestPause ? TimeSpan.Zero : Timeout.InfiniteTimeSpan, period);
    }
}
