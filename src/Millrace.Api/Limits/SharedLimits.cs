using System.Globalization;
using Millrace.Api.Caching;
using StackExchange.Redis;

namespace Millrace.Api.Limits;

/// <summary>
/// Shares the limits between nodes through Redis. No request waits for it: each node gives from what it knows, and tells the others what it gave, twenty times a
/// second what has changed, by one script for all limits. So two nodes together may give at most what comes in such an interval beyond the limit.
/// While Redis is away each node gives its even share.
/// </summary>
internal sealed partial class SharedLimits : BackgroundService
{
    /// <summary>How far two nodes' knowledge may be apart.</summary>
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);

    // Of one call, so that Redis, which does one thing at a time, is not held up.
    private const int MostAtOnce = 500;

    // Times are Redis' own, in microseconds: the nodes' clocks need not agree. 'r' is a rate (what was taken since, microseconds for each), 'd' a day's count
    // (what the node has given in all, the node's name), which can be told twice.
    private const string Script = """
        local t = redis.call('TIME')
        local now = t[1] * 1000000 + t[2]
        local answer = {}
        for i, key in ipairs(KEYS) do
            local kind, count = ARGV[3 * i - 2], tonumber(ARGV[3 * i - 1])
            if kind == 'd' then
                redis.call('HSET', key, ARGV[3 * i], count)
                redis.call('EXPIRE', key, 172800)
                local total = 0
                for _, of_node in ipairs(redis.call('HVALS', key)) do total = total + tonumber(of_node) end
                answer[i] = string.format('%.0f', total - count)
            else
                local tat = math.max(tonumber(redis.call('GET', key) or '0'), now) + count * tonumber(ARGV[3 * i])
                if count ~= 0 and tat > now then
                    redis.call('SET', key, string.format('%.3f', tat), 'PX', math.ceil((tat - now) / 1000) + 1)
                end
                answer[i] = string.format('%.3f', tat - now)
            end
        end
        return answer
        """;

    // Of this life of the node: what an earlier one has told goes on to count.
    private readonly string _node = Guid.NewGuid().ToString("N");
    private readonly RateLimits _limits;
    private readonly SharedLimitsOptions _options;
    private readonly StoreSecret _secret;
    private readonly TimeProvider _time;
    private readonly ILogger<SharedLimits> _logger;
    private volatile bool _isShared;

    public SharedLimits(RateLimits limits, SharedLimitsOptions options, StoreSecret secret, TimeProvider time, ApiMetrics metrics, ILogger<SharedLimits> logger)
    {
        (_limits, _options, _secret, _time, _logger) = (limits, options, secret, time, logger);
        metrics.Watch(ApiMetrics.LimitsShared, () => _isShared ? 1 : 0);
        metrics.Watch(ApiMetrics.RedisAway, () => options.Redis is null || _isShared ? 0 : 1);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, _time);
        await using var redis = _options.Redis is { } address ? await RedisConnections.OpenAsync(address) : null;
        var (wasShared, prefix) = (true, _secret.RedisPrefix("limit"));
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            _isShared = redis is { IsConnected: true } && await TryShareAsync(redis.GetDatabase(), prefix);
            var share = _isShared ? 1 : 1.0 / Math.Max(_options.Nodes(), 1);
            foreach (var (_, tenant) in _limits.Tenants)
                (tenant.Bucket.Share, tenant.Daily.Share) = (share, share);
            foreach (var (_, bucket) in _limits.Keys)
                bucket.Share = share;
            if (!_isShared)
                ForgetUntold();
            if (redis is not null && _isShared != wasShared)
                Changed(_logger, _isShared ? "shared between nodes" : "not shared: Redis is away, each node gives its even share");
            wasShared = _isShared;
        }
    }

    // Told once Redis is back, all that was given meanwhile would count as if it had been given at that moment, and nothing would be left for as long as Redis was away.
    private void ForgetUntold()
    {
        foreach (var (_, tenant) in _limits.Tenants)
            tenant.Bucket.Tell();
        foreach (var (_, bucket) in _limits.Keys)
            bucket.Tell();
    }

    private async Task<bool> TryShareAsync(IDatabase redis, string prefix)
    {
        var told = new List<Telling>();
        var (now, unixMs) = (_limits.Now, _time.GetUtcNow().ToUnixTimeMilliseconds());
        foreach (var (name, tenant) in _limits.Tenants)
        {
            if (tenant.Bucket.IsInUse(now))
                told.Add(Telling.Of($"{prefix}tenant:{name}", tenant.Bucket));
            if (tenant.Daily.Tell(unixMs) is var (day, count))
                told.Add(Telling.Of($"{prefix}day:{name}", tenant.Daily, day, count, _node));
        }

        foreach (var ((tenant, key), bucket) in _limits.Keys.Where(k => k.Value.IsInUse(now)))
            told.Add(Telling.Of($"{prefix}key:{tenant}:{key}", bucket));
        try
        {
            // It may take connections and refuse to write, as with a full memory.
            if (told.Count == 0 && !_isShared)
                await redis.StringSetAsync($"{prefix}probe", 1, Every);
            foreach (var chunk in told.Chunk(MostAtOnce))
            {
                var answers = (string[]?)await redis.ScriptEvaluateAsync(Script, [.. chunk.Select(t => (RedisKey)t.Key)], [.. chunk.SelectMany(t => t.Arguments)]);
                for (var i = 0; i < chunk.Length; i++)
                    chunk[i].Hear(_limits.Now, answers![i]);
            }

            return true;
        }
        catch (Exception failure) when (failure is RedisException or RedisCommandException or TimeoutException)
        {
            // Also where the library itself refuses, such as a command that the server is known not to take.
            Unheard(_logger, failure.GetType().Name);
            return false;
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Rate limits are {State}.")]
    private static partial void Changed(ILogger logger, string state);

    [LoggerMessage(2, LogLevel.Debug, "Limits were not told: {Reason}.")]
    private static partial void Unheard(ILogger logger, string reason);

    /// <summary>What is told of one limit, and what to do with the answer.</summary>
    private sealed record Telling(string Key, RedisValue[] Arguments, Action<long, string> Hear)
    {
        // What was given at another rate is of another name: it is a time, as long as so many take to refill at that rate.
        public static Telling Of(string name, RateBucket bucket)
        {
            var (count, interval, rate) = bucket.Tell();
            return new Telling(
                string.Create(CultureInfo.InvariantCulture, $"{name}:{rate.PerSecond}/{rate.Burst}"), ["r", count, (interval / 1000.0).ToString("R", CultureInfo.InvariantCulture)],
                (now, ahead) => bucket.Learn(now, (long)(double.Parse(ahead, CultureInfo.InvariantCulture) * 1000), rate));
        }

        public static Telling Of(string key, DailyQuota quota, long day, long count, string node) => new(
            $"{key}:{day.ToString(CultureInfo.InvariantCulture)}", ["d", count, node],
            (_, others) => quota.Learn(day, count, long.Parse(others, CultureInfo.InvariantCulture)));
    }
}

/// <param name="Redis">Address, as <c>HOST:PORT,password=…</c>; null for none.</param>
/// <param name="Nodes">How many nodes give from the same limits.</param>
public sealed record SharedLimitsOptions(string? Redis, Func<int> Nodes);
