using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Millrace.Api.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Serve;
using Millrace.Tests.Api;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Tracking behind a real Varnish with the configuration that ships.</summary>
[Collection(OwnProcesses.Name)]
public sealed partial class SharedCacheTests : IAsyncLifetime
{
    private const int Orders = 20;
    private const int Viewers = 125;
    private readonly TemporaryFolder _folder = new();
    private readonly VarnishServer _varnish = new();
    private readonly string _sku = "C" + Guid.NewGuid().ToString("N")[..10];
    private ServerSettings _settings = null!;
    private ServerProcess _server = null!;
    private ApiClient _merchant = null!;
    private ApiClient _public = null!;
    private ApiClient _origin = null!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var client in new[] { _merchant, _public, _origin })
            client?.Dispose();
        await _varnish.DisposeAsync();
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_storm_reaches_the_server_once_for_each_order_and_a_change_is_seen_within_a_second()
    {
        await StartAsync("--purge-url", _varnish.PurgeUrl.ToString());
        var orders = await Task.WhenAll(Enumerable.Range(0, Orders + 1).Select(i => PlaceAsync("order-" + i)));
        var (last, stormed) = (orders[^1], orders[..^1]);
        // Varnish began after the server: once it has been told something, what it gets lives for longer.
        var asked = 0;
        await Eventually.Async(async () =>
        {
            asked++;
            return (await _origin.GetAsync(last.Url)).Header("Cache-Control")!.Contains("s-maxage=60", StringComparison.Ordinal);
        }, "purges are taken");

        // A scrape may be some 300 ms old: one that shows these has them all.
        var before = await Eventually.AsyncOf(ReadsAsync, reads => reads >= asked, "what was asked so far is counted");
        var hits = 0;
        await Parallel.ForAsync(0, Orders * Viewers, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, _) =>
        {
            var answer = await _public.GetAsync(stormed[i % Orders].Url);
            Assert.Equal(200, answer.Status);
            if (IsHit(answer))
                Interlocked.Increment(ref hits);
        });
        Assert.InRange(hits / ((double)(Orders * Viewers)), 0.99, 1);
        // One that shows this request shows all before it.
        await _origin.GetAsync(last.Url);
        Assert.Equal(Orders + 1, await Eventually.AsyncOf(async () => await ReadsAsync() - before, reads => reads > Orders, "every order was asked for"));

        var (id, url) = stormed[0];
        Assert.Equal("confirmed", (await _public.GetAsync(url)).Text("status"));
        Assert.Equal(200, (await _merchant.PostAsync($"/v1/orders/{id}/ship", """{"carrier":"dhl","tracking":"1"}""", "ship-" + _sku)).Status);
        var changedAt = Stopwatch.GetTimestamp();
        await Eventually.Async(async () => (await _public.GetAsync(url)).Text("status") == "shipped", "the public sees it");
        Assert.InRange(Stopwatch.GetElapsedTime(changedAt).TotalSeconds, 0, 1);
        // The other orders' answers stayed.
        Assert.True(IsHit(await _public.GetAsync(stormed[1].Url)));
        Assert.Null((await _public.GetAsync(url)).Header("Surrogate-Key"));

        // Both forms are one group, and nobody else may purge.
        var page = await _public.GetAsync(url, "Accept: text/html,*/*;q=0.8");
        Assert.Equal(("text/html", true), (page.MediaType, IsHit(await _public.GetAsync(url, "Accept: text/html"))));
        using var node = new ApiClient(_varnish.PurgeUrl, "");
        Assert.Equal(403, (await _public.SendAsync("POST", "/purge", "", "Surrogate-Key: " + id)).Status);
        Assert.True(IsHit(await _public.GetAsync(url)));
        Assert.Equal(200, (await node.SendAsync("POST", "/purge", "", "Surrogate-Key: " + id)).Status);
        Assert.False(IsHit(await _public.GetAsync(url, "Accept: text/html")));
        Assert.False(IsHit(await _public.GetAsync(url)));
    }

    [Fact]
    public async Task At_the_end_of_a_max_age_nobody_waits_and_while_the_server_is_down_the_last_answer_is_shown()
    {
        await StartAsync(whileRevalidating: TimeSpan.FromSeconds(1), "--public-max-age", "1", "--redis", $"127.0.0.1:{FreePort.Find()}");
        // Nor does it take Redis for any of this.
        Assert.Equal("""{"status":"ready","degraded":["redis"]}""", (await _origin.GetAsync("/readyz")).Body);
        var (_, url) = await PlaceAsync("order");
        var (_, unseen) = await PlaceAsync("unseen");
        Assert.Equal("confirmed", (await _public.GetAsync(url)).Text("status"));

        // It stands still: whoever asked it would wait.
        await _server.Process.PauseAsync();
        await Eventually.Async(async () => SecondsLeft(await _public.GetAsync(url)) < 0, "the old is shown, and nobody waits for the new");
        _server.Process.Send(Signal.Continue);
        await Eventually.Async(async () => SecondsLeft(await _public.GetAsync(url)) >= 0, "the new has come");

        await _server.KillAsync();
        // For longer than while the server is well.
        await Eventually.Async(async () => SecondsLeft(await _public.GetAsync(url)) < -1, "the old is shown though the server is down");
        // Many at once too: a failure to fetch must not be kept for those who wait for it.
        await Parallel.ForAsync(0, 2_000, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (_, _) => Assert.Equal((200, true), (await _public.GetAsync(url)) is var answer ? (answer.Status, IsHit(answer)) : default));
        Assert.Equal(503, (await _public.GetAsync(unseen)).Status);
    }

    private Task StartAsync(params string[] more) => StartAsync(null, more);

    private async Task StartAsync(TimeSpan? whileRevalidating, params string[] more)
    {
        _settings = new ServerSettings(_folder["node"]) { More = more };
        var varnish = _varnish.StartAsync(_settings.Port, whileRevalidating, TestContext.Current.CancellationToken);
        var key = NewKey.Of(_settings, "acme", Scopes.Admin);
        _server = await ServerProcess.StartAsync(_settings);
        await varnish;
        (_merchant, _public, _origin) = (new ApiClient(_settings.Address, key), new ApiClient(_varnish.Url, ""), new ApiClient(_settings.Address, ""));
        Assert.Equal(201, (await _merchant.SendAsync("PUT", $"/v1/items/{_sku}", Bodies.Item())).Status);
        Assert.Equal(200, (await _merchant.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(_sku, 1_000), "receipt-" + _sku)).Status);
    }

    private async Task<(string Id, string Url)> PlaceAsync(string key)
    {
        var placed = await _merchant.PlaceAsync(Bodies.Order(_sku).ToJsonString(), key, "Prefer: wait=30");
        Assert.Equal(201, placed.Status);
        return (placed.Id(), placed.Text("tracking_url"));
    }

    private static bool IsHit(ApiAnswer answer) => answer.Header("Cache-Status")!.Contains("varnish; hit", StringComparison.Ordinal);

    /// <returns>Until the cache must ask again; below zero when it should have; 0 when it has just asked.</returns>
    private static int SecondsLeft(ApiAnswer answer)
    {
        Assert.Equal(200, answer.Status);
        return Left().Match(answer.Header("Cache-Status")!) is { Success: true } left ? int.Parse(left.Groups["left"].Value, CultureInfo.InvariantCulture) : 0;
    }

    /// <returns>Tracked orders that the server was asked for.</returns>
    private async Task<int> ReadsAsync() => Reads().Matches((await _origin.GetAsync("/metrics")).Body).Sum(match => int.Parse(match.Groups["count"].Value, CultureInfo.InvariantCulture));

    [GeneratedRegex("ttl=(?<left>-?[0-9]+)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Left();

    [GeneratedRegex(@"millrace_cache_reads_total\{[^}]*cache=""tracking""[^}]*\} (?<count>[0-9]+)", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Reads();
}
