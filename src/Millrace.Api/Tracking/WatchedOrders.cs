using System.Collections.Concurrent;
using System.Threading.Channels;
using Millrace.Api.Caching;
using Millrace.Api.Limits;
using Millrace.Cluster;
using Millrace.Domain.Identity;

namespace Millrace.Api.Tracking;

/// <summary>
/// The orders that the public has asked for lately, at any node, and what to do when one of them changes: out of the nodes' caches, and out of the caches before them. A change of any
/// other order costs a look-up. Twice, the second time when whatever was read before the change has arrived where it was going.
/// </summary>
internal sealed partial class WatchedOrders : BackgroundService
{
    // Each some 150 bytes.
    private const int MostWatched = 100_000;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SweepEvery = TimeSpan.FromSeconds(10);

    // An owner's answer takes two seconds at most, and lives for one in a node's cache.
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(3.5);
    private static readonly long KeptMs = (long)(PublicCaching.LongestKept + TimeSpan.FromSeconds(30)).TotalMilliseconds;

    private readonly ConcurrentDictionary<OrderId, Watched> _orders = new();

    // An order is in it once, and is watched.
    private readonly Channel<(OrderId Id, Watched Order)> _changed = Channel.CreateBounded<(OrderId, Watched)>(new BoundedChannelOptions(MostWatched) { SingleReader = true });
    // When each was told first: a timestamp of the clock that is never set back.
    private readonly Queue<(OrderId Id, long ToldAt)> _again = new();
    private readonly NodeCache _cache;
    private readonly Purges _purges;
    private readonly PartitionRuntime _runtime;
    private readonly SharedLimitsOptions _cluster;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _sweptAtMs;
    private int _count;
    private int _gaps;
    private volatile bool _hears;

    public WatchedOrders(NodeCache cache, Purges purges, PartitionRuntime runtime, SharedLimitsOptions cluster, TimeProvider time, ILogger<WatchedOrders> logger)
    {
        (_cache, _purges, _runtime, _cluster, _time, _logger) = (cache, purges, runtime, cluster, time, logger);
        Kind = cache.NewKind("tracking", whileAway: TimeSpan.FromHours(1));
    }

    public CacheKind Kind { get; }

    private long NowMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>From here on the order's changes are told; to be called before it is read.</summary>
    /// <returns>Whether they reach the shared caches: these are working, every node's changes are heard of, and there is room.</returns>
    public bool Add(OrderId id) => Watch(id) is not null && _hears && _purges.IsWorking;

    /// <summary>The version that was read. Of the first reading alone: what is told later of this one or an earlier one is no change, but what a later reading finds anew,
    /// those who were shown the first have not been told.</summary>
    public void Read(OrderId id, int version)
    {
        if (_orders.TryGetValue(id, out var known))
            known.Begin(version);
    }

    /// <summary>The order is at a version, durably. Blocks nobody.</summary>
    public void Changed(OrderId id, int version)
    {
        if (_orders.TryGetValue(id, out var known) && known.TryRaise(version))
            Queue(id, known);
    }

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _runtime.OrderChanged += Changed;
        _cache.ReadElsewhere = (kind, key) =>
        {
            // What was shown there is not known here.
            if (kind == Kind.Name && OrderId.TryParse(key, out var id))
                Watch(id)?.Begin(0);
        };
        return base.StartAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, _time);
        var isFailing = false;
        do
        {
            try
            {
                await TurnAsync();
                isFailing = false;
            }
            catch (Exception defect) when (!stoppingToken.IsCancellationRequested)
            {
                // Once, and not at every tick: what was to be forgotten is forgotten at the next.
                if (!isFailing)
                    Failed(_logger, defect);
                isFailing = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TurnAsync()
    {
        Listen();
        // What is to be told again, and swept out, does not wait for what cannot be told now.
        try
        {
            await TellAsync();
        }
        finally
        {
            for (; _again.TryPeek(out var again) && _time.GetElapsedTime(again.ToldAt) >= AgainAfter; _again.Dequeue())
                await ForgetAsync(again.Id);
            Sweep();
        }
    }

    private async Task TellAsync()
    {
        while (_changed.Reader.TryRead(out var changed))
        {
            // Before it is forgotten: whatever changes from here on is told once more.
            changed.Order.Unqueue();
            try
            {
                await ForgetAsync(changed.Id);
            }
            catch
            {
                Queue(changed.Id, changed.Order);
                throw;
            }

            _again.Enqueue((changed.Id, _time.GetTimestamp()));
        }
    }

    private void Queue(OrderId id, Watched order)
    {
        if (!order.TryQueue() || _changed.Writer.TryWrite((id, order)))
            return;
        // Only when this has not been looked at for long: more is purged than needed, never less.
        order.Unqueue();
        _purges.Add(Purges.Everything);
    }

    private async Task ForgetAsync(OrderId id)
    {
        // First: whoever asks because of the purge must not be given the old.
        await _cache.RemoveAsync(Kind, id.ToString());
        _purges.Add(id.ToString());
    }

    // What was kept for long because we would hear of its change, is let go when we begin to hear nothing, and when we cannot know what we have missed: also at the start.
    private void Listen()
    {
        var isAlone = _cluster.Nodes() == 1;
        var (hears, gaps) = (isAlone || _cache.IsShared, isAlone ? _gaps : _cache.Gaps);
        if (hears != _hears || gaps != _gaps || _sweptAtMs == 0)
            _purges.Add(Purges.Everything);
        (_hears, _gaps) = (hears, gaps);
    }

    private Watched? Watch(OrderId id)
    {
        while (true)
        {
            if (_orders.TryGetValue(id, out var known))
            {
                known.AskedAtMs = NowMs;
                // It may have been swept out meanwhile.
                if (_orders.TryGetValue(id, out var still) && still == known)
                    return known;
            }
            else if (Volatile.Read(ref _count) >= MostWatched)
            {
                return null;
            }
            else if (_orders.TryAdd(id, new Watched { AskedAtMs = NowMs }))
            {
                Interlocked.Increment(ref _count);
            }
        }
    }

    private void Sweep()
    {
        var now = NowMs;
        if (_sweptAtMs != 0 && now - _sweptAtMs is >= 0 and var age && age < SweepEvery.TotalMilliseconds)
            return;
        _sweptAtMs = now;
        foreach (var (id, order) in _orders)
        {
            if (now - order.AskedAtMs <= KeptMs || !_orders.TryRemove(id, out _))
                continue;
            // Somebody may have asked between the look and the removal, and have been promised to be told.
            if (now - order.AskedAtMs > KeptMs || !_orders.TryAdd(id, order))
                Interlocked.Decrement(ref _count);
        }
    }

    [LoggerMessage(1, LogLevel.Error, "What has changed cannot be taken out of the caches; it is tried again until it can. They show it for longer than they should.")]
    private static partial void Failed(ILogger logger, Exception defect);

    private sealed class Watched
    {
        private const int Unread = -1;
        private int _version = Unread;
        private int _isQueued;
        private long _askedAtMs;

        public long AskedAtMs
        {
            get => Volatile.Read(ref _askedAtMs);
            set => Volatile.Write(ref _askedAtMs, value);
        }

        public void Begin(int version) => Interlocked.CompareExchange(ref _version, version, Unread);

        /// <returns>Whether it was lower.</returns>
        public bool TryRaise(int version)
        {
            for (var known = Volatile.Read(ref _version); known < version; known = Volatile.Read(ref _version))
            {
                if (Interlocked.CompareExchange(ref _version, version, known) == known)
                    return true;
            }

            return false;
        }

        public bool TryQueue() => Interlocked.Exchange(ref _isQueued, 1) == 0;

        public void Unqueue() => Volatile.Write(ref _isQueued, 0);
    }
}
