using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Api;
using Millrace.Api.Caching;
using Millrace.Api.Problems;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;
using ZiggyCreatures.Caching.Fusion;

namespace Millrace.Tests.Api.Caching;

/// <summary>Two nodes' caches over a real Redis.</summary>
public sealed class NodeCacheTests : IAsyncLifetime
{
    // So long that nothing runs out while a test runs: what is gone was taken out.
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<IAsyncDisposable> _open = [];
    private SqliteAdministration _store = null!;
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _store = SqliteAdministration.Open(_folder.Path);
        _redis = await RedisServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _open)
            await node.DisposeAsync();
        await _redis.DisposeAsync();
        _store.Dispose();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_one_node_has_read_the_other_finds_and_what_one_takes_out_is_gone_at_the_other_within_a_second()
    {
        var (one, other) = (await StartAsync(Long), await StartAsync(Long));
        Assert.Equal((1, CacheOutcome.Miss), await one.GetAsync(1));
        await Eventually.Async(async () => await other.FindAsync() == 1, "the other finds it in Redis");
        Assert.Equal((1, CacheOutcome.Hit), await other.GetAsync(99));
        Assert.Equal((1, CacheOutcome.Hit), await one.GetAsync(99));

        await one.RemoveAsync();
        await Eventually.Async(async () => (await other.GetAsync(2)).Number == 2, "it is gone at the other", TimeSpan.FromSeconds(1));
        await Eventually.Async(async () => await one.FindAsync() == 2, "the one finds what the other has read since");
    }

    [Fact]
    public async Task Other_nodes_hear_what_is_read_here()
    {
        var (one, other) = (await StartAsync(Long), await StartAsync(Long));
        var heard = new TaskCompletionSource<(string, string)>(TaskCreationOptions.RunContinuationsAsynchronously);
        other.Cache.ReadElsewhere = (kind, key) => heard.TrySetResult((kind, key));
        one.Cache.ReadElsewhere = (_, _) => Assert.Fail("It is not told to itself.");
        await one.GetAsync(1);
        Assert.Equal(("number", "a"), await heard.Task.WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task While_Redis_is_away_each_node_goes_on_by_itself_at_once_and_says_so()
    {
        var (one, other) = (await StartAsync(Long), await StartAsync(Long));
        await one.GetAsync(1);
        await Eventually.Async(async () => await other.FindAsync() == 1, "the other has it");
        await _redis.KillAsync();
        await Eventually.Async(() => Task.FromResult(one.Cache.IsDegraded && other.Cache.IsDegraded), "both have seen it");

        var startedAt = Stopwatch.GetTimestamp();
        Assert.Equal((1, CacheOutcome.Hit), await one.GetAsync(99));
        Assert.Equal((7, CacheOutcome.Miss), await one.GetAsync(7, "new"));
        await one.RemoveAsync();
        Assert.Equal((3, CacheOutcome.Miss), await one.GetAsync(3));
        // Four times what is waited for Redis at most, on a busy machine.
        Assert.InRange(Stopwatch.GetElapsedTime(startedAt).TotalSeconds, 0, 4);

        await _redis.RunAsync();
        await Eventually.Async(() => Task.FromResult(one.Cache.IsShared && other.Cache.IsShared), "Redis is back");
        await Eventually.Async(async () =>
        {
            await one.RemoveAsync();
            return (await other.GetAsync(5)).Number == 5;
        }, "what one takes out is gone at the other again");
    }

    [Fact]
    public async Task A_node_starts_without_Redis_and_finds_it_later()
    {
        await _redis.KillAsync();
        var node = await StartAsync(Long);
        Assert.Equal((1, CacheOutcome.Miss), await node.GetAsync(1));
        Assert.True(node.Cache.IsDegraded);
        await _redis.RunAsync();
        await Eventually.Async(() => Task.FromResult(node.Cache.IsShared), "it is found");
        var other = await StartAsync(Long);
        await Eventually.Async(async () =>
        {
            await other.RemoveAsync();
            return (await node.GetAsync(2)).Number == 2;
        }, "the node hears of changes");
    }

    [Fact]
    public async Task Of_all_who_ask_at_once_one_asks_the_owner()
    {
        var node = await StartAsync(Long, withRedis: false);
        Assert.False(node.Cache.IsDegraded);
        var asked = 0;
        var gate = new TaskCompletionSource();
        var answers = Enumerable.Range(0, 500).Select(_ => Task.Run(() => node.GetAsync(async _ =>
        {
            Interlocked.Increment(ref asked);
            await gate.Task;
            return 1;
        }))).ToList();
        await Eventually.Async(() => Task.FromResult(Volatile.Read(ref asked) > 0), "one asks");
        gate.SetResult();
        Assert.All(await Task.WhenAll(answers), answer => Assert.Equal(1, answer.Number));
        Assert.Equal(1, asked);
    }

    [Fact]
    public async Task While_the_owner_is_away_the_last_answer_is_shown_and_called_stale_and_without_one_the_refusal()
    {
        var node = await StartAsync(TimeSpan.FromMilliseconds(20), withRedis: false);
        var away = new NotReadException(new Problem(ProblemKinds.Unavailable, "Away."));
        Assert.Same(away, await Assert.ThrowsAsync<NotReadException>(() => node.GetAsync(_ => throw away)));
        await node.GetAsync(1);
        await Eventually.Async(async () => await node.GetAsync(_ => throw away) == (1, CacheOutcome.Stale), "what was known is shown");
        // Nor is an owner that does not answer waited for.
        await Eventually.Async(async () =>
        {
            try
            {
                return await node.GetAsync(async cancellation =>
                {
                    await Task.Delay(Timeout.Infinite, cancellation);
                    return 2;
                }) == (1, CacheOutcome.Stale);
            }
            catch (NotReadException)
            {
                return false;
            }
        }, "nobody hangs");
        await Eventually.Async(async () => await node.GetAsync(3) == (3, CacheOutcome.Miss), "the owner is back");
    }

    [Fact]
    public async Task A_read_that_is_given_up_is_an_owner_that_does_not_answer_and_whoever_leaves_has_left()
    {
        var node = await StartAsync(TimeSpan.FromSeconds(1), withRedis: false);
        // As a read ends that sees first that the cache has given it up.
        await Assert.ThrowsAsync<NotReadException>(() => node.GetAsync(_ => throw new TaskCanceledException()));
        using var left = new CancellationTokenSource();
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await node.Cache.GetAsync(node.Cache.NewKind("other", TimeSpan.FromMinutes(1)), "a", async cancellation =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return new NumberRead(1, 0);
        }, left.Token));
    }

    private async Task<Node> StartAsync(TimeSpan freshness, bool withRedis = true)
    {
        var secret = new StoreSecret(_store);
        await secret.StartAsync(TestContext.Current.CancellationToken);
        var cache = new NodeCache(new NodeCacheOptions(withRedis ? _redis.Address : null, freshness), secret, new ApiMetrics(_services.GetRequiredService<IMeterFactory>()), TimeProvider.System, NullLogger<FusionCache>.Instance);
        await cache.StartAsync(TestContext.Current.CancellationToken);
        _open.Add(cache);
        return new Node(cache);
    }

    /// <summary>A node that reads numbers.</summary>
    private sealed class Node(NodeCache cache)
    {
        private readonly CacheKind _kind = cache.NewKind("number", TimeSpan.FromMinutes(10));

        public NodeCache Cache => cache;

        /// <param name="owners">What its owner would say.</param>
        /// <param name="key">Whose.</param>
        public Task<(int Number, CacheOutcome Outcome)> GetAsync(int owners, string key = "a") => GetAsync(_ => Task.FromResult(owners), key);

        public async Task<(int Number, CacheOutcome Outcome)> GetAsync(Func<CancellationToken, Task<int>> ask, string key = "a")
        {
            var (read, outcome) = await cache.GetAsync(_kind, key, async cancellation => new NumberRead(await ask(cancellation), TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()), TestContext.Current.CancellationToken);
            return (read.Number, outcome);
        }

        /// <returns>What is cached; null for nothing.</returns>
        public async Task<int?> FindAsync()
        {
            try
            {
                return (await GetAsync(_ => throw new NotReadException(new Problem(ProblemKinds.Unavailable, "Nobody is asked.")))).Number;
            }
            catch (NotReadException)
            {
                return null;
            }
        }

        public ValueTask RemoveAsync() => cache.RemoveAsync(_kind, "a");
    }
}

internal sealed record NumberRead(int Number, long ReadAtUnixMs) : CachedRead(ReadAtUnixMs);
