using System.Diagnostics;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Cli.Verify;
using Millrace.Engine.Journal;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Two real nodes over one real database, whose caches a real Redis joins.</summary>
public sealed class JoinedCachesTests(PostgresFixture postgres, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _sku = "J" + Guid.NewGuid().ToString("N")[..10];

    [Fact]
    public async Task What_one_node_changes_the_other_shows_with_Redis_and_without()
    {
        var database = await postgres.NewDatabaseAsync();
        var key = NewKey.OfDatabase(database, "acme", Scopes.Admin);
        await using var redis = await RedisServer.StartAsync();
        var urls = new[] { new Uri($"http://127.0.0.1:{FreePort.Find()}"), new Uri($"http://127.0.0.1:{FreePort.Find()}") };
        await using var a = Node("a", urls[0]);
        await using var b = Node("b", urls[1]);
        using var atA = new ApiClient(urls[0], key);
        using var atB = new ApiClient(urls[1], key);
        foreach (var (client, node) in new[] { (atA, a), (atB, b) })
            await Eventually.Async(() => node.HasExited ? throw new InvalidOperationException(node.Words) : IsReadyAsync(client, "ready"), "the node is ready", Patience);
        await Eventually.Async(async () => (await atA.SendAsync("PUT", "/v1/items/" + _sku, Bodies.Item())).Status is 200 or 201, "partitions serve", Patience);
        await AdjustAsync(atA, 10);

        // What one has read the other finds.
        await Eventually.Async(async () =>
        {
            await AvailableAsync(atA);
            return (await atB.GetAsync(Path)).Header("Cache-Status")!.StartsWith("millrace; hit", StringComparison.Ordinal);
        }, "b finds in Redis what a has read");

        await ChangeIsSeenAsync(total: 15);
        var order = await atA.PlaceAsync(Bodies.Order(_sku).ToJsonString(), "order", "Prefer: wait=30");
        Assert.Equal(201, order.Status);
        var tracked = new Uri(order.Text("tracking_url"), UriKind.RelativeOrAbsolute);
        var path = tracked.IsAbsoluteUri ? tracked.PathAndQuery : tracked.ToString();
        Assert.Equal("confirmed", (await atB.GetAsync(path)).Text("status"));
        Assert.Equal(200, (await atA.PostAsync($"/v1/orders/{order.Id()}/ship", """{"carrier":"dhl","tracking":"1"}""", "ship")).Status);
        await SeenAsync(async () => (await atB.GetAsync(path)).Text("status") == "shipped", "b tracks what a has shipped");

        await redis.KillAsync();
        foreach (var client in new[] { atA, atB })
            await Eventually.Async(() => IsReadyAsync(client, "redis"), "it serves, and says what it lacks");
        await ChangeIsSeenAsync(total: 19);

        // Whoever verifies what is served reads the journal at one moment and the rest at another.
        using var enough = new CancellationTokenSource();
        var trade = Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
                await AdjustAsync(atB, 1);
        });
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => StoreVerification.RunPostgresAsync(database, null, TestContext.Current.CancellationToken));
        Assert.Contains("The store is served", refused.Message, StringComparison.Ordinal);
        await enough.CancelAsync();
        await trade;

        ChildProcess Node(string name, Uri url) => new(MillraceExecutable.With(
            "serve", "--postgres", database, "--node-name", name, "--cluster", $"127.0.0.1:{FreePort.Find()}", "--urls", url.ToString(), "--redis", redis.Address));

        async Task ChangeIsSeenAsync(int total)
        {
            // The item itself is in no cache.
            var before = (int)(await atA.GetAsync("/v1/items/" + _sku))["available"]!;
            await AdjustAsync(atA, total - before);
            await SeenAsync(async () => await AvailableAsync(atB) == total, "b shows what a has changed");
        }
    }

    private string Path => $"/v1/items/{_sku}/availability";

    private async Task SeenAsync(Func<Task<bool>> isSeen, string claim)
    {
        var changedAt = Stopwatch.GetTimestamp();
        await Eventually.Async(isSeen, claim);
        output.WriteLine($"{claim} after {Stopwatch.GetElapsedTime(changedAt).TotalMilliseconds:F0} ms");
    }

    private static async Task<bool> IsReadyAsync(ApiClient client, string word)
    {
        try
        {
            var answer = await client.GetAsync("/readyz");
            return answer.Status == 200 && answer.Body.Contains(word, StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    // While the nodes share their partitions, each is refused for a moment: the same again.
    private async Task AdjustAsync(ApiClient client, int units)
    {
        var key = Guid.NewGuid().ToString();
        await Eventually.Async(async () =>
        {
            var answer = await client.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(_sku, units), key);
            Assert.True(answer.Status is 200 or 503, answer.Body);
            return answer.Status == 200;
        }, "the stock is adjusted", Patience);
    }

    private async Task<int> AvailableAsync(ApiClient client) => (int)(await client.GetAsync(Path))["available"]!;
}
