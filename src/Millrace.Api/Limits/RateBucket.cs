namespace Millrace.Api.Limits;

/// <summary>
/// A rate with a burst, by the generic cell rate algorithm (ITU-T I.371): one number, the theoretical arrival time (TAT) at which everything taken so
/// far would have come at the even rate. It may lie ahead of now by as much as the burst takes to refill. Thread-safe.
/// </summary>
internal sealed class RateBucket
{
    private const long NanosecondsPerSecond = 1_000_000_000;
    private readonly Lock _lock = new();
    private Rate _rate;
    private double _share = 1;
    private long _tat;
    private long _untold;

    public RateBucket(Rate rate) => _rate = rate;

    /// <summary>What is allowed altogether, over all nodes.</summary>
    public Rate Rate
    {
        get
        {
            lock (_lock)
                return _rate;
        }
    }

    /// <summary>The part of it that this node may give away on its own: 1 while it knows of all that others give.</summary>
    public double Share
    {
        set
        {
            lock (_lock)
                _share = value;
        }
    }

    /// <summary>Allows another rate from now on. What is used up stays so many, and refills at the new rate; no more is used up than the new burst.</summary>
    /// <param name="rate">What is allowed altogether, over all nodes.</param>
    /// <param name="now">As for <see cref="TryTake"/>.</param>
    public void Change(Rate rate, long now)
    {
        lock (_lock)
        {
            if (rate == _rate)
                return;
            var was = Effective();
            _rate = rate;
            var (interval, depth) = Effective();
            // A thousand million of a second each overflow 64 bits.
            var ahead = (Int128)Math.Max(_tat - now, 0) * interval / was.Interval;
            _tat = now + (long)Int128.Min(ahead, depth);
        }
    }

    /// <summary>Takes one, if there is one.</summary>
    /// <param name="now">Nanoseconds of a clock that never goes back.</param>
    public Taken TryTake(long now)
    {
        lock (_lock)
        {
            var (interval, depth) = Effective();
            var tat = Math.Max(_tat, now) + interval;
            var isTaken = tat - now <= depth;
            if (isTaken)
            {
                _tat = tat;
                _untold++;
            }

            var ahead = Math.Max(_tat - now, 0);
            // Below zero where others gave from it at the same moment.
            return new Taken(isTaken, Math.Max((depth - ahead) / interval, 0), ahead, isTaken ? 0 : tat - depth - now);
        }
    }

    /// <summary>How many this node may give away now, and how many when none was taken.</summary>
    public (long Now, long Most) Available(long now)
    {
        lock (_lock)
        {
            var (interval, depth) = Effective();
            // Below zero after limits were lowered.
            return (Math.Max((depth - Math.Max(_tat - now, 0)) / interval, 0), depth / interval);
        }
    }

    /// <summary>Gives back what was taken for a request that another limit refused.</summary>
    public void GiveBack()
    {
        lock (_lock)
        {
            _tat -= Effective().Interval;
            _untold--;
        }
    }

    /// <summary>Begins to tell others what was taken here since the last time. What does not reach them is not told again: it may have, and a share is given
    /// from until they are heard again. What is given from a share alone is not told at all.</summary>
    /// <returns>How many, how long one takes to refill, and the rate that this is about.</returns>
    public (long Count, long IntervalNs, Rate Rate) Tell()
    {
        lock (_lock)
        {
            var count = _untold;
            _untold = 0;
            return (count, Interval(), _rate);
        }
    }

    /// <summary>Whether there is anything to tell, or to learn that could matter here.</summary>
    public bool IsInUse(long now)
    {
        lock (_lock)
            return _untold != 0 || _tat > now;
    }

    /// <summary>Learns how far ahead all nodes together have brought the arrival time.</summary>
    /// <param name="now">As for <see cref="TryTake"/>.</param>
    /// <param name="aheadNs">With all that was told, and without what was taken here since.</param>
    /// <param name="rate">That was told: what is known of one that was changed since is as long as another takes to refill.</param>
    public void Learn(long now, long aheadNs, Rate rate)
    {
        lock (_lock)
        {
            if (rate == _rate)
                _tat = now + aheadNs + (Math.Max(_untold, 0) * Interval());
        }
    }

    private long Interval() => Math.Max(NanosecondsPerSecond / _rate.PerSecond, 1);

    private (long Interval, long Depth) Effective()
    {
        var interval = Math.Max((long)(NanosecondsPerSecond / (_rate.PerSecond * _share)), 1);
        return (interval, interval * Math.Max((long)(_rate.Burst * _share), 1));
    }
}

/// <summary>An even rate and how much may come at once.</summary>
/// <param name="PerSecond">1 or more.</param>
/// <param name="Burst">1 or more.</param>
public readonly record struct Rate(long PerSecond, long Burst);

/// <summary>The answer of a limit.</summary>
/// <param name="IsTaken">Whether there was one.</param>
/// <param name="Remaining">How many more there are now.</param>
/// <param name="ResetNs">Until all is there again.</param>
/// <param name="RetryNs">Until there is one; 0 when one was taken.</param>
internal readonly record struct Taken(bool IsTaken, long Remaining, long ResetNs, long RetryNs);
