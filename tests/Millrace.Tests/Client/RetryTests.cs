using System.Globalization;
using System.Net.Sockets;
using Millrace.Client;
using Xunit;

namespace Millrace.Tests.Client;

public sealed class RetryTests : IDisposable
{
    private const string OrderId = "ord_x";
    private static readonly TimeSpan AttemptTimeout = TimeSpan.FromSeconds(7);
    private readonly InstantTime _time = new(AttemptTimeout);
    private readonly List<IDisposable> _open = [];

    public static TheoryData<string> Passing => ["lost", "lost at once", "given up by the HTTP client", "429", "502", "503", "504", "409 with Retry-After"];

    public static TheoryData<int, string> Lasting => new() { { 400, "invalid_header" }, { 404, "order_not_found" }, { 409, "not_cancelable" }, { 422, "invalid_request" }, { 500, "internal_error" } };

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task What_may_pass_is_repeated_under_the_same_key(string failure)
    {
        var server = new ScriptedServer(() => Failure(failure), () => Failure(failure), Canceled);
        var answer = await Client(server).Orders.CancelAsync(OrderId, "why");
        Assert.Equal(200, answer.Status);
        Assert.Equal(3, server.Seen.Count);
        Assert.Single(server.Seen.Select(seen => (seen.Header("Idempotency-Key"), seen.Body)).Distinct());
        Assert.Matches("^\"[0-9a-f]{32}\"$", server.Seen[0].Header("Idempotency-Key"));
    }

    [Theory]
    [MemberData(nameof(Lasting))]
    public async Task What_lasts_is_told_at_once(int status, string code)
    {
        var server = new ScriptedServer(() => ScriptedServer.Problem(status, code));
        var refused = await Assert.ThrowsAsync<MillraceProblemException>(() => Client(server).Orders.CancelAsync(OrderId));
        Assert.Equal((status, code, "0HN", false), (refused.Status, refused.Code, refused.TraceId, refused.IsTransient));
        Assert.Single(server.Seen);
    }

    [Fact]
    public async Task A_probe_asks_once()
    {
        var server = new ScriptedServer(() => ScriptedServer.Problem(503, "unavailable", "1"));
        await Assert.ThrowsAsync<MillraceProblemException>(() => Client(server).Health.CheckReadyAsync());
        Assert.Single(server.Seen);
    }

    [Fact]
    public async Task Calls_have_keys_of_their_own_and_a_given_key_is_kept()
    {
        var server = new ScriptedServer(Canceled);
        var client = Client(server);
        await client.Orders.CancelAsync(OrderId);
        await client.Orders.CancelAsync(OrderId);
        await client.Orders.CancelAsync(OrderId, options: new CallOptions { IdempotencyKey = "a \"b\", \\c" });
        var keys = server.Seen.Select(seen => seen.Header("Idempotency-Key")).ToList();
        Assert.NotEqual(keys[0], keys[1]);
        Assert.Equal("""
            "a \"b\", \\c"
            """, keys[2]);
        await Assert.ThrowsAsync<ArgumentException>(() => client.Orders.CancelAsync(OrderId, options: new CallOptions { IdempotencyKey = "é" }));
        await Assert.ThrowsAsync<ArgumentException>(() => client.Orders.GetAsync(".."));
    }

    [Fact]
    public async Task Waits_are_jittered_grow_and_have_a_limit()
    {
        var failures = Enumerable.Repeat<Func<HttpResponseMessage>>(ScriptedServer.Lost, 8);
        var server = new ScriptedServer([.. failures, Canceled]);
        await Client(server, draw: 0.5).Orders.CancelAsync(OrderId);
        Assert.Equal([50, 100, 200, 400, 800, 1_600, 2_500, 2_500], _time.Waits.Select(wait => wait.TotalMilliseconds));
        _time.Waits.Clear();
        await Client(new ScriptedServer(ScriptedServer.Lost, ScriptedServer.Lost, Canceled), draw: 0).Orders.CancelAsync(OrderId);
        // Full jitter: it may be nothing, and then no timer is made.
        Assert.All(_time.Waits, wait => Assert.Equal(TimeSpan.Zero, wait));
    }

    [Theory]
    [InlineData("3")]
    [InlineData("Sat, 31 Jan 2026 12:00:03 GMT")]
    public async Task Retry_After_is_waited_for_and_not_by_all_to_the_same_moment(string retryAfter)
    {
        var server = new ScriptedServer(() => ScriptedServer.Problem(429, "quota_exceeded", retryAfter), Canceled);
        await Client(server, draw: 0.5).Orders.CancelAsync(OrderId);
        Assert.Equal([3_050], _time.Waits.Select(wait => wait.TotalMilliseconds));
    }

    [Fact]
    public async Task What_nobody_would_wait_for_is_not_repeated()
    {
        var server = new ScriptedServer(() => ScriptedServer.Problem(429, "quota_exceeded", "3600"));
        var refused = await Assert.ThrowsAsync<MillraceProblemException>(() => Client(server).Orders.CancelAsync(OrderId));
        Assert.Equal(TimeSpan.FromHours(1), refused.RetryAfter);
        Assert.Single(server.Seen);
        Assert.Empty(_time.Waits);
    }

    [Fact]
    public async Task An_attempt_that_is_not_answered_is_made_again_and_the_server_is_told_for_how_long_it_is_waited_for()
    {
        _time.Late = 1;
        var server = new ScriptedServer(Canceled);
        await Client(server).Orders.CancelAsync(OrderId);
        Assert.Equal("7", Assert.Single(server.Seen).Header("Request-Timeout"));
        _time.Late = 100;
        await Assert.ThrowsAsync<TimeoutException>(() => Client(server).Orders.CancelAsync(OrderId));
    }

    [Fact]
    public async Task A_token_that_does_not_come_in_time_is_asked_for_again_and_then_told_as_any_answer_that_does_not()
    {
        var late = 2;
        var server = new ScriptedServer(Canceled);
        var client = Client(server, options => options with
        {
            ApiKey = null, TokenProvider = _ => late-- > 0 ? throw new OperationCanceledException() : ValueTask.FromResult("token"),
        });
        await client.Orders.CancelAsync(OrderId);
        Assert.Single(server.Seen);
        late = 1_000;
        await Assert.ThrowsAsync<TimeoutException>(() => client.Orders.CancelAsync(OrderId));
    }

    // The server gives a receiver that long.
    [Fact]
    public async Task A_webhook_that_is_tested_has_fifteen_seconds_more_than_another_answer()
    {
        var server = new ScriptedServer(() => ScriptedServer.Json(200, """{"event_id":"evt_1","delivered":false,"error":"timeout","duration_ms":15000}"""));
        var time = new InstantTime(AttemptTimeout + TimeSpan.FromSeconds(15));
        var tested = await Client(server, options => options with { Time = time }).Webhooks.TestAsync("whk_1");
        Assert.Equal(("22", "timeout"), (Assert.Single(server.Seen).Header("Request-Timeout"), tested.Value.Error));
    }

    [Fact]
    public async Task Repeats_of_many_calls_are_bounded_by_a_part_of_them_and_one_a_second()
    {
        var server = new ScriptedServer(ScriptedServer.Lost);
        // Hardly any waiting, so that it is the budget that ends each call.
        var client = Client(server, draw: 0.001);
        var began = _time.GetUtcNow();
        for (var i = 0; i < 1_000; i++)
            await Assert.ThrowsAsync<HttpRequestException>(() => client.Orders.CancelAsync(OrderId));
        var repeats = server.Seen.Count - 1_000;
        var seconds = (_time.GetUtcNow() - began).TotalSeconds;
        Assert.InRange(repeats, 100, 1_000 * 0.1 + 10 + seconds);
        // It fills again by time, to its brim and not beyond.
        _time.Advance(TimeSpan.FromHours(1));
        server.Seen.Clear();
        for (var i = 0; i < 20; i++)
            await Assert.ThrowsAsync<HttpRequestException>(() => client.Orders.CancelAsync(OrderId));
        Assert.InRange(server.Seen.Count - 20, 8, 16);
    }

    [Fact]
    public async Task A_token_is_asked_for_with_every_attempt()
    {
        var asked = 0;
        var server = new ScriptedServer(ScriptedServer.Lost, Canceled);
        var client = Client(server, options => options with
        {
            ApiKey = null, TokenProvider = _ => ValueTask.FromResult("token-" + (++asked).ToString(CultureInfo.InvariantCulture)),
        });
        await client.Orders.CancelAsync(OrderId);
        Assert.Equal(["Bearer token-1", "Bearer token-2"], server.Seen.Select(seen => seen.Header("Authorization")));
    }

    [Theory]
    [InlineData("<html>bad gateway</html>")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task An_answer_of_another_program_has_a_code_too(string body)
    {
        var server = new ScriptedServer(() => ScriptedServer.Json(418, body, "text/html"));
        Assert.Equal("http_418", (await Assert.ThrowsAsync<MillraceProblemException>(() => Client(server).Orders.CancelAsync(OrderId))).Code);
    }

    [Fact]
    public async Task A_caller_who_leaves_is_not_kept()
    {
        using var leaving = new CancellationTokenSource();
        var server = new ScriptedServer(() =>
        {
            leaving.Cancel();
            return ScriptedServer.Problem(503, "unavailable", "1");
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client(server).Orders.CancelAsync(OrderId, cancellation: leaving.Token));
        Assert.Single(server.Seen);
    }

    public void Dispose() => _open.ForEach(one => one.Dispose());

    private static HttpResponseMessage Failure(string name) => name switch
    {
        "lost" => ScriptedServer.Lost(),
        "lost at once" => throw new SocketException((int)SocketError.NotConnected),
        // As HttpClient tells its own time-out, when it is shorter than the attempt's.
        "given up by the HTTP client" => throw new TaskCanceledException("HttpClient.Timeout", new TimeoutException()),
        "409 with Retry-After" => ScriptedServer.Problem(409, "conflict", "0"),
        _ => ScriptedServer.Problem(int.Parse(name, CultureInfo.InvariantCulture), "unavailable", "0"),
    };

    private static HttpResponseMessage Canceled() => ScriptedServer.Json(200, $$"""{"id":"{{OrderId}}","status":"canceled"}""");

    private MillraceClient Client(ScriptedServer server, Func<MillraceClientOptions, MillraceClientOptions>? change = null, double draw = 0.5)
    {
        var options = new MillraceClientOptions
        {
            BaseAddress = new Uri("http://test/behind"), ApiKey = "key", Time = _time, Random = new FixedRandom(draw), AttemptTimeout = AttemptTimeout,
        };
        var http = new HttpClient(server);
        var client = new MillraceClient(change?.Invoke(options) ?? options, http);
        _open.AddRange([client, http]);
        return client;
    }

    private sealed class FixedRandom(double draw) : Random
    {
        public override double NextDouble() => draw;
    }
}
