using System.Collections.Concurrent;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Caching.StackExchangeRedis;
using Millrace.Api.Problems;
using StackExchange.Redis;
using ZiggyCreatures.Caching.Fusion;
using ZiggyCreatures.Caching.Fusion.Backplane;

namespace Millrace.Api.Caching;

/// <summary>
/// What many ask for at once and may be a second old: tracked orders and availability. In this node's memory, and in Redis if there is one, where other nodes find it.
/// Of all who ask at once for what is not there, one asks the owner; while the owner cannot be asked, the last answer is shown and said to be stale. Nothing waits for Redis.
/// </summary>
internal sealed class NodeCache(NodeCacheOptions options, StoreSecret secret, ApiMetrics metrics, TimeProvider time, ILogger<FusionCache> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>How old an answer may be without being called stale. Short, so that this bound needs nobody to be told of a change.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    // Each some 500 bytes: 25 MB at most.
    private const int MostEntries = 50_000;
    private readonly MemoryCache _memory = new(new MemoryCacheOptions { SizeLimit = MostEntries });
    private readonly ConcurrentQueue<CacheKind> _kinds = new();
    private ConnectionMultiplexer? _redis;
    private FusionCache? _cache;
    private string _prefix = "";
    private long _failures;
    private int _gaps;

    /// <summary>Whether other nodes hear of changes here and this one of theirs; false without Redis.</summary>
    public bool IsShared => _redis is { IsConnected: true } redis && redis.GetSubscriber().IsConnected();

    /// <summary>How often messages of other nodes may have been missed.</summary>
    public int Gaps => Volatile.Read(ref _gaps);

    /// <summary>All that is cached.</summary>
    public IReadOnlyCollection<CacheKind> Kinds => _kinds;

    /// <summary>Redis is set, and away.</summary>
    public bool IsDegraded => options.Redis is not null && !IsShared;

    /// <summary>Told the kind and key of what another node has put into its cache.</summary>
    public Action<string, string>? ReadElsewhere { get; set; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _prefix = secret.RedisPrefix("cache");
        _cache = new FusionCache(Settings(), _memory, logger);
        metrics.WatchCacheReads(Kinds);
        metrics.Watch(ApiMetrics.CacheShared, () => IsShared ? 1 : 0);
        metrics.Watch(ApiMetrics.CacheBackplaneErrors, () => Interlocked.Read(ref _failures));
        if (options.Redis is not { } address)
            return;
        _redis = await RedisConnections.OpenAsync(address);
        _redis.ConnectionRestored += (_, _) => Interlocked.Increment(ref _gaps);
        _cache.SetupDistributedCache(new RedisCache(new RedisCacheOptions { ConnectionMultiplexerFactory = () => Task.FromResult<IConnectionMultiplexer>(_redis) }), new CacheSerializer());
        _cache.SetupBackplane(new RedisBackplane(_redis, Hear, () => Interlocked.Increment(ref _failures)));
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What is cached, or what <paramref name="read"/> gives, which becomes it.</summary>
    /// <exception cref="NotReadException">The owner did not answer well, and nothing is cached.</exception>
    public async ValueTask<(T Value, CacheOutcome Outcome)> GetAsync<T>(CacheKind kind, string key, Func<CancellationToken, Task<T>> read, CancellationToken cancellation)
        where T : CachedRead
    {
        var wasRead = false;
        T value;
        try
        {
            value = await _cache!.GetOrSetAsync<T>(kind.Prefix + key, async (_, token) =>
            {
                wasRead = true;
                return await read(token);
            }, default, kind.Options, null, cancellation);
        }
        catch (Exception late) when (late is SyntheticTimeoutException || (late is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // The second when the read saw first that it was given up: nobody else has.
            throw new NotReadException(new Problem(ProblemKinds.Unavailable, "Its owner does not answer now."));
        }

        // Twice: two nodes' clocks differ a little.
        var isStale = time.GetUtcNow().ToUnixTimeMilliseconds() - value.ReadAtUnixMs > 2 * options.Freshness.TotalMilliseconds;
        var outcome = isStale ? CacheOutcome.Stale : wasRead ? CacheOutcome.Miss : CacheOutcome.Hit;
        kind.Note(outcome);
        return (value, outcome);
    }

    /// <summary>Here and at the other nodes; they are told before this completes.</summary>
    public ValueTask RemoveAsync(CacheKind kind, string key) => _cache!.RemoveAsync(kind.Prefix + key, kind.Removal);

    public CacheKind NewKind(string name, TimeSpan whileAway)
    {
        var kind = new CacheKind(name, options.Freshness, whileAway);
        _kinds.Enqueue(kind);
        return kind;
    }

    public async ValueTask DisposeAsync()
    {
        _cache?.Dispose();
        _memory.Dispose();
        if (_redis is not null)
            await _redis.DisposeAsync();
    }

    private FusionCacheOptions Settings() => new()
    {
        CacheName = "millrace",
        CacheKeyPrefix = _prefix,
        BackplaneChannelPrefix = _prefix,
        DistributedCacheCircuitBreakerDuration = TimeSpan.FromSeconds(1),
        // Whoever is away is counted and shown; a line for each read of a storm would bury the log.
        FactoryErrorsLogLevel = LogLevel.Debug,
        FactorySyntheticTimeoutsLogLevel = LogLevel.Debug,
        FailSafeActivationLogLevel = LogLevel.Debug,
        DistributedCacheErrorsLogLevel = LogLevel.Debug,
        DistributedCacheSyntheticTimeoutsLogLevel = LogLevel.Debug,
        BackplaneErrorsLogLevel = LogLevel.Debug,
        BackplaneSyntheticTimeoutsLogLevel = LogLevel.Debug,
        SerializationErrorsLogLevel = LogLevel.Debug,
        ReThrowOriginalExceptions = true,
        DisableTagging = true,
    };

    private void Hear(BackplaneMessage message)
    {
        if (message.Action != BackplaneMessageAction.EntrySet || message.CacheKey is not { } key || !key.StartsWith(_prefix, StringComparison.Ordinal))
            return;
        var (start, colon) = (_prefix.Length, key.IndexOf(':', _prefix.Length));
        if (colon > 0)
            ReadElsewhere?.Invoke(key[start..colon], key[(colon + 1)..]);
    }
}

/// <summary>What is set of the cache of a node.</summary>
/// <param name="Redis">Address, as <c>HOST:PORT,password=…</c>; null for none.</param>
/// <param name="Freshness">How old an answer may be.</param>
internal sealed record NodeCacheOptions(string? Redis, TimeSpan Freshness);
