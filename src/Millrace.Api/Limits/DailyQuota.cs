namespace Millrace.Api.Limits;

/// <summary>A number a day, by this node's clock and UTC. Thread-safe.</summary>
internal sealed class DailyQuota
{
    private const long MillisecondsPerDay = 86_400_000;
    private const long NanosecondsPerMillisecond = 1_000_000;
    private readonly Lock _lock = new();
    private long? _limit;
    private double _share = 1;
    private long _day;
    private long _own;
    // Of them, those that were given while all others were known.
    private long _shared;
    private long _others;

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

    /// <summary>The part that this node may give away of what is left: 1 while it knows of all that others give.</summary>
    public double Share
    {
        set
        {
            lock (_lock)
            {
                if (value == 1)
                    _shared = 0;
                else if (_share == 1)
                    _shared = _own;
                _share = value;
            }
        }
    }

    /// <param name="unixMs">Now.</param>
    public Taken TryTake(long unixMs)
    {
        lock (_lock)
        {
            if (_limit is not { } limit)
                return new Taken(true, long.MaxValue, 0, 0);
            var (day, sinceMs) = Math.DivRem(unixMs, MillisecondsPerDay);
            // A clock that is set back by less than a day, at midnight, gives no second quota; one that was wrong by more than that is believed now.
            if (day > _day || day < _day - 1)
                (_day, _own, _shared, _others) = (day, 0, 0, 0);
            var here = _shared + (long)((limit - _others - _shared) * _share);
            var isTaken = _own < here;
            if (isTaken)
                _own++;
            var reset = (MillisecondsPerDay - sinceMs) * NanosecondsPerMillisecond;
            return new Taken(isTaken, Math.Max(here - _own, 0), reset, isTaken ? 0 : reset);
        }
    }

    /// <summary>What was given on the day, here and as far as is known at other nodes; null where no number is set.</summary>
    public long? Used(long unixMs)
    {
        lock (_lock)
            return _limit is null ? null : unixMs / MillisecondsPerDay == _day ? _own + _others : 0;
    }

    /// <summary>The day, and what was given here on it: told again it is no more than told once. Null while there is nothing to tell or to learn.</summary>
    public (long Day, long Count)? Tell()
    {
        lock (_lock)
            return _limit is not null && _day > 0 ? (_day, _own) : null;
    }

    /// <param name="day">That it is about.</param>
    /// <param name="others">What all other nodes have given on it.</param>
    public void Learn(long day, long others)
    {
        lock (_lock)
        {
            if (day == _day)
                _others = others;
        }
    }
}
