using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Api;
using Millrace.Api.Caching;
using Millrace.Api.Limits;
using Millrace.Api.Tracking;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.Api.Caching;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;
using ZiggyCreatures.Caching.Fusion;

namespace Millrace.Tests.Api.Tracking;

/// <summary>How a change finds its way out of the caches of several nodes and of the one before them.</summary>
public sealed class WatchedOrdersTests : IAsyncLifetime
{
    private static readonly OrderId Followed = OrderId.Create(1, 1, 1);
    private static readonly OrderId Other = OrderId.Create(1, 1, 2);
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<IAsyncDisposable> _open = [];
    private SqliteAdministration _store = null!;
    private RecordingCdn _cdn = null!;
    private int _nodes = 1;

    public async ValueTask InitializeAsync()
    {
        _store = SqliteAdministration.Open(_folder.Path);
        _cdn = await RecordingCdn.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _open)
            await node.DisposeAsync();
        await _cdn.DisposeAsync();
        _store.Dispose();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_owner_tells_of_the_change_of_an_order_that_another_node_has_shown()
    {
        await using var redis = await RedisServer.StartAsync();
        _nodes = 2;
        var (owner, shows) = (await StartAsync(TimeProvider.System, redis.Address), await StartAsync(TimeProvider.System, redis.Address));
        await Eventually.Async(() => Task.FromResult(shows.Watched.Add(Followed)), "changes will be heard and told");
        Assert.Equal(1, await shows.ShowAsync(1));
        var version = 1;
        // No order of the owner's until it has heard of it.
        await Eventually.Async(() =>
        {
            owner.Runtime.OrderChanged!(Followed, ++version);
            owner.Runtime.OrderChanged!(Other, version);
            return Task.FromResult(Told(Followed) > 0);
        }, "the cache before the nodes is told");
        await Eventually.Async(async () => await shows.ShowAsync(version) == version, "the node that had shown the order has forgotten it", TimeSpan.FromSeconds(1));
        Assert.Equal(0, Told(Other));

        await redis.KillAsync();
        await Eventually.Async(() => Task.FromResult(!shows.Watched.Add(Followed)), "nothing is promised that would not be heard");
    }

    [Fact]
    public async Task A_change_is_told_at_once_and_again_when_all_that_was_read_before_it_has_arrived()
    {
        var time = new FakeTimeProvider();
        var node = await StartAsync(time);
        await Eventually.Async(() => Task.FromResult(Told(Purges.Everything) == 1), "it has begun");
        node.Watched.Add(Followed);
        node.Watched.Read(Followed, 3);
        // What was read is no change.
        node.Runtime.OrderChanged!(Followed, 3);
        node.Runtime.OrderChanged!(Followed, 4);
        node.Runtime.OrderChanged!(Followed, 4);
        time.Advance(TimeSpan.FromMilliseconds(50));
        await Eventually.Async(() => Task.FromResult(Told(Followed) == 1), "it is told");
        time.Advance(TimeSpan.FromSeconds(3));
        time.Advance(TimeSpan.FromSeconds(1));
        await Eventually.Async(() => Task.FromResult(Told(Followed) == 2), "it is told again");
    }

    [Fact]
    public async Task A_change_is_told_again_though_the_clock_is_set_back()
    {
        var time = new AdjustedTime(DateTimeOffset.UnixEpoch.AddYears(50));
        var node = await StartAsync(time);
        await Eventually.Async(() => Task.FromResult(Told(Purges.Everything) == 1), "it has begun");
        node.Watched.Add(Followed);
        node.Watched.Read(Followed, 3);
        node.Runtime.OrderChanged!(Followed, 4);
        time.Advance(TimeSpan.FromMilliseconds(50));
        await Eventually.Async(() => Task.FromResult(Told(Followed) == 1), "it is told");
        time.SetBack(TimeSpan.FromDays(1));
        await Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(500));
            return Task.FromResult(Told(Followed) == 2);
        }, "it is told again");
    }

    [Fact]
    public async Task A_change_that_somebody_has_read_before_it_is_told_is_told_all_the_same()
    {
        var time = new FakeTimeProvider();
        var node = await StartAsync(time);
        await Eventually.Async(() => Task.FromResult(Told(Purges.Everything) == 1), "it has begun");
        node.Watched.Add(Followed);
        // Somebody was shown the third version, and a shared cache keeps it for a minute.
        node.Watched.Read(Followed, 3);
        // The fourth is durable; another representation of the order is read before its change is told here.
        node.Watched.Add(Followed);
        node.Watched.Read(Followed, 4);
        node.Runtime.OrderChanged!(Followed, 3);
        node.Runtime.OrderChanged!(Followed, 4);
        time.Advance(TimeSpan.FromMilliseconds(50));
        await Eventually.Async(() => Task.FromResult(Told(Followed) == 1), "it is told");
    }

    [Fact]
    public async Task A_removal_that_fails_ends_no_node_is_logged_once_and_made_when_it_can_be()
    {
        var time = new FakeTimeProvider();
        // Its cache is not there yet.
        var node = await StartAsync(time, hasCache: false);
        node.Watched.Add(Followed);
        node.Watched.Read(Followed, 3);
        node.Runtime.OrderChanged!(Followed, 4);
        await UntilAsync(() => node.Log.Lines > 0, "it has failed");
        for (var tick = 0; tick < 10; tick++)
            time.Advance(TimeSpan.FromMilliseconds(50));
        await node.Cache.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(() => Told(Followed) >= 1, "it is told");
        Assert.Equal(1, node.Log.Lines);

        Task UntilAsync(Func<bool> isSo, string claim) => Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(50));
            return Task.FromResult(isSo());
        }, claim);
    }

    [Fact]
    public async Task When_changes_of_others_may_have_been_missed_everything_is_purged_and_answers_live_shortly()
    {
        var node = await StartAsync(TimeProvider.System);
        await Eventually.Async(() => Task.FromResult(Told(Purges.Everything) == 1 && node.Watched.Add(Followed)), "at the start");
        // Another joins, and there is no Redis.
        Volatile.Write(ref _nodes, 2);
        await Eventually.Async(() => Task.FromResult(Told(Purges.Everything) == 2 && !node.Watched.Add(Followed)), "a second node is not heard");
    }

    private int Told(object group) => _cdn.Told.Sum(told => told.Split('|', ' ').Count(name => name == group.ToString()));

    private async Task<Node> StartAsync(TimeProvider time, string? redis = null, bool hasCache = true)
    {
        var cancellation = TestContext.Current.CancellationToken;
        var secret = new StoreSecret(_store);
        await secret.StartAsync(cancellation);
        var meters = _services.GetRequiredService<IMeterFactory>();
        var metrics = new ApiMetrics(meters);
        var cache = new NodeCache(new NodeCacheOptions(redis, TimeSpan.FromMinutes(5)), secret, metrics, TimeProvider.System, NullLogger<FusionCache>.Instance);
        if (hasCache)
            await cache.StartAsync(cancellation);
        var purges = new Purges(_cdn.Options(), metrics, TimeProvider.System, NullLogger<Purges>.Instance);
        await purges.StartAsync(cancellation);
        var store = new MemoryStore(new MemoryDisk(4));
        var runtime = new PartitionRuntime(store, store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(meters), new PartitionRuntimeOptions(), TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        var log = new CountedLog<WatchedOrders>();
        var watched = new WatchedOrders(cache, purges, runtime, new SharedLimitsOptions(redis, () => Volatile.Read(ref _nodes)), time, log);
        await watched.StartAsync(cancellation);
        var node = new Node(cache, purges, runtime, watched, log);
        _open.Add(node);
        return node;
    }

    private sealed record Node(NodeCache Cache, Purges Purges, PartitionRuntime Runtime, WatchedOrders Watched, CountedLog<WatchedOrders> Log) : IAsyncDisposable
    {
        /// <param name="version">That its owner has.</param>
        /// <returns>That is shown.</returns>
        public async Task<int> ShowAsync(int version)
        {
            var (order, _) = await Cache.GetAsync(Watched.Kind, Followed.ToString(),
                _ => Task.FromResult(new TrackedOrder([new TrackedStep(TrackedOrder.Received, 1)], version, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds())), TestContext.Current.CancellationToken);
            return order.Version;
        }

        public async ValueTask DisposeAsync()
        {
            await Watched.StopAsync(CancellationToken.None);
            await Purges.StopAsync(CancellationToken.None);
            Watched.Dispose();
            Purges.Dispose();
            Runtime.Dispose();
            await Cache.DisposeAsync();
        }
    }
}
