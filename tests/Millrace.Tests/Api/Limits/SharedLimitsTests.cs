using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Api;
using Millrace.Api.Caching;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Storage.Sqlite.Administration;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Api.Limits;

/// <summary>Two nodes' limits over a real Redis.</summary>
public sealed class SharedLimitsTests : IAsyncLifetime
{
    private const int Burst = 1_000;

    // So slow that nothing refills while the test runs.
    private static readonly LimitSettings Settings = new(new Rate(1, Burst), new Rate(1, Burst), 10 * Burst);
    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly List<Node> _nodes = [];
    private RedisServer _redis = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        for (var i = 0; i < 2; i++)
            _nodes.Add(await Node.StartAsync(_folder[$"node-{i}"], _redis.Address, Secret(1), _services.GetRequiredService<IMeterFactory>()));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        await _redis.DisposeAsync();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task What_one_node_gave_the_other_does_not_give_again_and_without_Redis_each_gives_its_half()
    {
        var (one, other) = (_nodes[0], _nodes[1]);
        Assert.Equal(Burst - 100, one.Take(Burst - 100));
        Assert.Equal(10, other.Take(10));
        await Eventually.Async(() => Task.FromResult(other.Left() < 90), "the other knows what the one gave");
        // Each time that it was asked took one.
        Assert.InRange(other.Take(Burst), 40, 90);
        await Eventually.Async(() => Task.FromResult(one.Left() == 0), "the one knows that nothing is left");
        Assert.Equal(0, one.Take(1));

        await _redis.KillAsync();
        await Eventually.Async(() => Task.FromResult(one.Take(1, "second") == 1 && one.Left("second") < Burst / 2), "the one gives its half");
        Assert.InRange(one.Take(2 * Burst, "second"), (Burst / 2) - 20, Burst / 2);

        await _redis.RunAsync();
        await Eventually.Async(() => Task.FromResult(other.Take(1, "third") == 1 && other.Left("third") > Burst / 2), "the limits are shared again", TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task What_was_given_while_Redis_was_away_is_not_held_against_those_who_took_it()
    {
        await using var redis = await RedisServer.StartAsync();
        var (log, time) = (new Told(), new Hasty());
        await using var node = new Node(_folder["hasty"], redis.Address, Secret(1), _services.GetRequiredService<IMeterFactory>(), log, time);
        await node.BeginAsync();
        await Eventually.Async(() => Task.FromResult(node.Left("warm") > Burst / 2), "Redis is connected");
        Assert.Equal(1, node.Take(1));
        log.Lines.Clear();
        await redis.KillAsync();
        await Eventually.Async(() => Task.FromResult(log.Lines.Any(line => line.Contains("not shared", StringComparison.Ordinal))), "the node gives its half");

        for (var i = 0; i < 8; i++)
        {
            Assert.InRange(node.Take(Burst), (Burst / 2) - 20, Burst / 2);
            time.Pass(TimeSpan.FromSeconds(2 * Burst));
        }

        await redis.RunAsync();
        await Eventually.Async(() => Task.FromResult(log.Lines.Any(line => line.Contains("shared between nodes", StringComparison.Ordinal))), "the limits are shared again");
        Assert.InRange(node.Take(Burst), (Burst / 2) - 20, Burst);
    }

    [Fact]
    public async Task What_was_given_at_another_rate_is_not_held_against_the_new_one()
    {
        var (one, other) = (_nodes[0], _nodes[1]);
        Assert.Equal(Burst, one.Take(Burst));
        await Eventually.Async(() => Task.FromResult(other.Left() == 0), "the other knows what the one gave");
        var faster = new Rate(500, Burst);
        foreach (var node in _nodes)
            node.Set("acme", new LimitSettings(faster, faster, null));
        // At the old rate it would take a quarter of an hour.
        await Eventually.Async(() => Task.FromResult(one.Left() > Burst / 2 && other.Left() > Burst / 2), "both give at the new rate");
    }

    [Fact]
    public async Task A_node_on_its_own_keeps_nothing_to_tell()
    {
        await using var node = new Node(_folder["alone"], null, Secret(1), _services.GetRequiredService<IMeterFactory>(), NullLogger<SharedLimits>.Instance);
        Assert.Equal(10, node.Take(10));
        Assert.True(node.HasUntold);
        await node.BeginAsync();
        await Eventually.Async(() => Task.FromResult(!node.HasUntold), "what was given is forgotten");
    }

    [Fact]
    public async Task Stores_on_one_Redis_have_limits_of_their_own()
    {
        await using var stranger = await Node.StartAsync(_folder["stranger"], _redis.Address, Secret(2), _services.GetRequiredService<IMeterFactory>());
        Assert.Equal(10, stranger.Take(10));
        Assert.Equal(Burst - 100, _nodes[0].Take(Burst - 100));
        Assert.Equal(10, _nodes[1].Take(10));
        await Eventually.Async(() => Task.FromResult(_nodes[1].Left() < 90), "the other node of the store knows what the one gave");
        Assert.True(stranger.Left() > Burst - 100);
    }

    private static StoreSecret Secret(byte value) => new([value]);

    [Fact]
    public async Task A_Redis_that_is_full_is_one_that_is_away_also_where_nothing_is_to_be_told()
    {
        await using var redis = await RedisServer.StartAsync();
        var log = new Told();
        await using var node = new Node(_folder["full"], redis.Address, Secret(1), _services.GetRequiredService<IMeterFactory>(), log);
        await redis.AskAsync("CONFIG SET maxmemory 1");
        await node.BeginAsync();
        // It asks whether it may write, though no limit is in use.
        await Eventually.Async(() => Task.FromResult(log.Lines.Count(line => line.Contains("Limits were not told: RedisServerException", StringComparison.Ordinal)) >= 3), "it has tried to write");
        Assert.DoesNotContain(log.Lines, line => line.Contains("shared between nodes", StringComparison.Ordinal));
        await redis.AskAsync("CONFIG SET maxmemory 0");
        await Eventually.Async(() => Task.FromResult(log.Lines.Any(line => line.Contains("shared between nodes", StringComparison.Ordinal))), "it is shared again");
    }

    // It takes no command with keys of several places.
    [Fact]
    public async Task A_Redis_of_a_cluster_is_one_that_is_away_and_ends_no_node()
    {
        await using var redis = await RedisServer.StartAsync("--cluster-enabled", "yes");
        Assert.Equal("+OK", await redis.AskAsync("CLUSTER ADDSLOTSRANGE 0 16383"));
        await Eventually.Async(async () => (await redis.AskAsync("SET a b")) == "+OK", "it serves");
        var log = new Told();
        await using var node = new Node(_folder["clustered"], redis.Address, Secret(1), _services.GetRequiredService<IMeterFactory>(), log);
        await node.BeginAsync();
        await Eventually.AsyncOf(() => Task.FromResult(node.Take(1) + string.Join(' ', log.Lines.Distinct())), lines => lines.Contains("Limits were not told", StringComparison.Ordinal), "it has tried to tell the others");
        Assert.InRange(node.Left(), 1, Burst / 2);
        Assert.False(node.HasFailed);
    }

    private sealed class Told : ILogger<SharedLimits>
    {
        public ConcurrentQueue<string> Lines { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Lines.Enqueue(formatter(state, exception));
    }

    /// <summary>Passes as ever, and by as much more as it is told to.</summary>
    private sealed class Hasty : TimeProvider
    {
        private long _passed;

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _passed);

        public void Pass(TimeSpan time) => Interlocked.Add(ref _passed, (long)(time.TotalSeconds * TimestampFrequency));
    }

    private sealed class Node : IAsyncDisposable
    {
        private readonly SqliteAdministration _store;
        private readonly AuditLog _audit;
        private readonly RateLimits _limits;
        private readonly SharedLimits _shared;
        private readonly Dictionary<string, CallerLimits> _callers = new(StringComparer.Ordinal);

        public Node(string folder, string? redis, StoreSecret secret, IMeterFactory meters, ILogger<SharedLimits> logger, TimeProvider? time = null)
        {
            _store = SqliteAdministration.Open(folder);
            _audit = new AuditLog(_store, TimeProvider.System);
            _limits = new RateLimits(Settings, _audit, time ?? TimeProvider.System);
            _shared = new SharedLimits(_limits, new SharedLimitsOptions(redis, () => 2), secret, time ?? TimeProvider.System, new ApiMetrics(meters), logger);
        }

        public bool HasFailed => _shared.ExecuteTask is { IsCompleted: true };

        // Of a bucket that has long been full again.
        public bool HasUntold => _limits.Tenants.Select(tenant => tenant.Value.Bucket).Concat(_limits.Keys.Select(key => key.Value)).Any(bucket => bucket.IsInUse(long.MaxValue));

        public void Set(string tenant, LimitSettings settings)
        {
            var draft = LimitRecords.Of(tenant, settings, Actor.System);
            _limits.Apply(AuditEntry.After(null, 0, draft.Actor, draft.Tenant, draft.Action, draft.Subject, draft.Detail));
        }

        public Task BeginAsync() => _shared.StartAsync(TestContext.Current.CancellationToken);

        public static async Task<Node> StartAsync(string folder, string redis, StoreSecret secret, IMeterFactory meters)
        {
            var node = new Node(folder, redis, secret, meters, NullLogger<SharedLimits>.Instance);
            await node.BeginAsync();
            // Shared from the first request on: else it would be a test of the halves.
            await Eventually.Async(() => Task.FromResult(node.Left("warm") > Burst / 2), "Redis is connected");
            return node;
        }

        /// <returns>How many of so many requests pass.</returns>
        public int Take(int count, string tenant = "acme")
        {
            var passed = 0;
            for (var i = 0; i < count; i++)
            {
                Limits(tenant).Take(_limits.Now, TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), out var refusedBy);
                passed += refusedBy is null ? 1 : 0;
            }

            return passed;
        }

        /// <returns>How many would pass; asking takes one.</returns>
        public long Left(string tenant = "acme") => Limits(tenant).Take(_limits.Now, 0, out _).Taken.Remaining;

        public async ValueTask DisposeAsync()
        {
            await _shared.StopAsync(CancellationToken.None);
            _shared.Dispose();
            _audit.Dispose();
            _store.Dispose();
        }

        private CallerLimits Limits(string tenant)
        {
            if (!_callers.TryGetValue(tenant, out var limits))
                _callers[tenant] = limits = _limits.Of(new Caller(TenantId.Parse(tenant), Actor.System, Scopes.Admin, "key"));
            return limits;
        }
    }
}
