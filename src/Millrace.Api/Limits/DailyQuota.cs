namespace Millrace.Api.Limits;

/// <summary>A number a day, by UTC. Thread-safe.</summary>
internal sealed class DailyQuota
{
    private const long NanosecondsPerMillisecond = 1_000_000;
    private readonly Lock _lock = new();
    private long? _limit;
    private double _share = 1;
    private long _day;
    private long _told;
    private long _untold;

    public DailyQuota(long? limit) => _limit = limit;

    /// <summary>Over all nodes; null for none.</summary>
    public long? Limit
    {
        get
        {
            lock (_lock)
                return _limit;
        }

        set
        {
            lock (_lock)
                _limit = value;
        }
    }

    /// <summary>As for a <see cref="RateBucket"/>.</summary>
    public double Share
    {
        set
        {
            lock (_lock)
                _share = value;
        }
    }

    /// <param name="unixMs">Now.</param>
    public Taken TryTake(long unixMs)
    {
        lock (_lock)
        {
            if (_limit is not { } limit)
                return new Taken(true, long.MaxValue, 0, 0);
            var (day, left) = Math.DivRem(unixMs, 86_400_000L);
            if (day > _day)
                (_day, _told, _untold) = (day, 0, 0);
            var here = (long)(limit * _share);
            var isTaken = _told + _untold < here;
            if (isTaken)
                _untold++;
            var reset = (86_400_000L - left) * NanosecondsPerMillisecond;
            return new Taken(isTaken, Math.Max(here - _told - _untold, 0), reset, isTaken ? 0 : reset);
        }
    }

    /// <summary>Whether there is anything to tell or to learn.</summary>
    public bool IsInUse
    {
        get
        {
            lock (_lock)
                return _limit is not null && _day > 0;
        }
    }

    /// <summary>Begins to tell others; see <see cref="RateBucket.Tell"/>.</summary>
    public (long Day, long Count) Tell()
    {
        lock (_lock)
        {
            var count = _untold;
            _told += count;
            _untold = 0;
            return (_day, count);
        }
    }

    public void TellAgain(long day, long count)
    {
        lock (_lock)
        {
            if (day == _day)
                (_told, _untold) = (_told - count, _untold + count);
        }
    }

    /// <param name="day">That it is about.</param>
    /// <param name="count">What all nodes have told.</param>
    public void Learn(long day, long count)
    {
        lock (_lock)
        {
            if (day == _day)
                _told = count;
        }
    }
}
