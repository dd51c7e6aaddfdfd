namespace Millrace.Api.Limits;

/// <summary>A number a day, by this node's clock and UTC. Thread-safe.</summary>
internal sealed class DailyQuota
{
    private const long MillisecondsPerDay = 86_400_000;
    private const long NanosecondsPerMillisecond = 1_000_000;
    // What has not changed here is told that often, to hear of the others, and as Redis may have lost it.
    private const long TellAgainMs = 1_000;
    private readonly Lock _lock = new();
    private long? _limit;
    private double _share = 1;
    private long _day;
    private long _own;
    // Of them, those that were given while all others were known.
    private long _shared;
    private long _others;
    // What was given when the others last answered, and when they were asked for it; -1 while they have not on this day.
    private long _told = -1;
    private long _toldAtMs;
    private long _askedAtMs;

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
            Begin(unixMs / MillisecondsPerDay);
            var here = _shared + (long)((limit - _others - _shared) * _share);
            var isTaken = _own < here;
            if (isTaken)
                _own++;
            var reset = (MillisecondsPerDay - (unixMs % MillisecondsPerDay)) * NanosecondsPerMillisecond;
            return new Taken(isTaken, Math.Max(here - _own, 0), reset, isTaken ? 0 : reset);
        }
    }

    /// <summary>What was given on the day, here and as far as is known at other nodes; null where no number is set.</summary>
    public long? Used(long unixMs)
    {
        lock (_lock)
            return _limit is null ? null : unixMs / MillisecondsPerDay == _day ? _own + _others : 0;
    }

    /// <summary>The day, and what was given here on it: told again it is no more than told once. Null while there is nothing to tell, and it is too soon to ask
    /// what the others have given: also a node that was not asked on this day knows that, so that it gives its part of what is left when it is alone.</summary>
    /// <param name="unixMs">Now.</param>
    public (long Day, long Count)? Tell(long unixMs)
    {
        lock (_lock)
        {
            if (_limit is null)
                return null;
            Begin(unixMs / MillisecondsPerDay);
            if (_own == _told && unixMs - _toldAtMs is >= 0 and < TellAgainMs)
                return null;
            _askedAtMs = unixMs;
            return (_day, _own);
        }
    }

    /// <summary>What was told has arrived.</summary>
    /// <param name="day">That it is about.</param>
    /// <param name="count">What was told.</param>
    /// <param name="others">What all other nodes have given on it, as far as Redis knows: it may have lost its memory, and they give no less than they did.</param>
    public void Learn(long day, long count, long others)
    {
        lock (_lock)
        {
            if (day == _day)
                (_told, _toldAtMs, _others) = (count, _askedAtMs, Math.Max(_others, others));
        }
    }

    // A clock that is set back by less than a day, at midnight, gives no second quota; one that was wrong by more than that is believed now.
    private void Begin(long day)
    {
        if (day > _day || day < _day - 1)
            (_day, _own, _shared, _others, _told) = (day, 0, 0, 0, -1);
    }
}
