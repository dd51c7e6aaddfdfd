using System.Diagnostics;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Cli.Verify;
using Millrace.Engine.Journal;
using Millrace.Tests.Api;
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
        var key = NewKey.OfDatabase(database, "acme", Scopes.Admin | Scopes.SystemOperate);
        await using var redis = await RedisServer.StartAsync();
        var urls = new[] { new Uri($"http://127.0.0.1:{FreePort.Find()}"), new Uri($"http://127.0.0.1:{FreePort.Find()}") };
        var members = new[] { ("a", $"127.0.0.1:{FreePort.Find()}"), ("b", $"127.0.0.1:{FreePort.Find()}") };
        await using var a = Node(members[0], urls[0]);
        await using var b = Node(members[1], urls[1]);
        using var atA = new ApiClient(urls[0], key);
        using var atB = new ApiClient(urls[1], key);
        foreach (var (client, node) in new[] { (atA, a), (atB, b) })
            await Eventually.Async(() => node.HasExited ? throw new InvalidOperationException(node.Words) : IsReadyAsync(client, "ready"), "the node is ready", Patience);
        await Owners.AreChosenAsync(atA, Patience, members);
        await ServedAsync(() => atA.SendAsync("PUT", "/v1/items/" + _sku, Bodies.Item()), 200, 201);
        await AdjustAsync(atA, 10);

        // What one has read the other finds.
        await Eventually.Async(async () =>
        {
            await AvailableAsync(atA);
            return (await ServedAsync(() => atB.GetAsync(Path), 200)).Header("Cache-Status")!.StartsWith("millrace; hit", StringComparison.Ordinal);
        }, "b finds in Redis what a has read");

        await ChangeIsSeenAsync(total: 15);
        var order = await ServedAsync(() => atA.PlaceAsync(Bodies.Order(_sku).ToJsonString(), "order", "Prefer: wait=30"), 201);
        var tracked = new Uri(order.Text("tracking_url"), UriKind.RelativeOrAbsolute);
        var path = tracked.IsAbsoluteUri ? tracked.PathAndQuery : tracked.ToString();
        Assert.Equal("confirmed", (await ServedAsync(() => atB.GetAsync(path), 200)).Text("status"));
        await ServedAsync(() => atA.PostAsync($"/v1/orders/{order.Id()}/ship", """{"carrier":"dhl","tracking":"1"}""", "ship"), 200);
        await SeenAsync(async () => (await ServedAsync(() => atB.GetAsync(path), 200)).Text("status") == "shipped", "b tracks what a has shipped");

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

        ChildProcess Node((string Name, string Address) member, Uri url) => new(MillraceExecutable.With(
            "serve", "--postgres", database, "--node-name", member.Name, "--cluster", member.Address, "--urls", url.ToString(), "--redis", redis.Address));

        async Task ChangeIsSeenAsync(int total)
        {
            // The item itself is in no cache.
            var before = (int)(await ServedAsync(() => atA.GetAsync("/v1/items/" + _sku), 200))["available"]!;
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

    private async Task AdjustAsync(ApiClient client, int units)
    {
        var key = Guid.NewGuid().ToString();
        await ServedAsync(() => client.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(_sku, units), key), 200);
    }

    // On a busy machine a lease may end, and its partition moves: the same again, as any client does.
    private static async Task<ApiAnswer> ServedAsync(Func<Task<ApiAnswer>> send, params int[] expected)
    {
        var answer = await Eventually.AsyncOf(send, answer => answer.Status != 503, "it is served", Patience);
        Assert.True(expected.Contains(answer.Status), answer.ToString());
        return answer;
    }

    private async Task<int> AvailableAsync(ApiClient client) => (int)(await ServedAsync(() => client.GetAsync(Path), 200))["available"]!;
}
