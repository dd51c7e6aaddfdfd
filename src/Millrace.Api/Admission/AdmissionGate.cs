namespace Millrace.Api.Admission;

/// <summary>
/// Lets as many requests be worked on as are answered in good time; the others wait their turn shortly, or are refused before anything is done for
/// them. While no queue stands, whoever waits may wait for 100 ms; once one has stood for that long, 20 ms: a burst is absorbed, and a standing queue,
/// which would make every answer late and none more, is not kept (controlled delay, Nichols and Jacobson, 2012; with time-outs in place of drops as
/// at Facebook, "Fail at Scale", 2015). Thread-safe.
/// </summary>
internal sealed class AdmissionGate : IDisposable
{
    private static readonly TimeSpan Sweep = TimeSpan.FromMilliseconds(5);
    private const long BurstNs = 100_000_000;
    private const long StandingNs = 20_000_000;

    // Waiting requests hold memory and a connection each; with 20 ms to wait, more could never be served.
    private const int MostWaiting = 8_192;
    private readonly Lock _lock = new();
    private readonly FairQueue _queue = new();
    private readonly AdmissionLimit _limit = new();
    private readonly TimeProvider _time;
    private readonly ITimer _sweeper;
    private readonly long _epoch;
    private int _inside;
    private long _emptyAt;
    private long _refused;

    public AdmissionGate(TimeProvider time, ApiMetrics metrics)
    {
        (_time, _epoch) = (time, time.GetTimestamp());
        metrics.Watch(ApiMetrics.AdmissionLimit, () => Limit);
        metrics.Watch(ApiMetrics.AdmissionInside, () => Inside);
        metrics.Watch(ApiMetrics.AdmissionWaiting, () => WaitingCount);
        metrics.Watch(ApiMetrics.AdmissionAge, () => WaitingAge.TotalSeconds);
        metrics.Watch(ApiMetrics.AdmissionRefused, () => RefusedCount);
        _sweeper = time.CreateTimer(_ => RefuseLate(), null, Sweep, Sweep);
    }

    /// <summary>How many may be worked on at once.</summary>
    public int Limit
    {
        get
        {
            lock (_lock)
                return _limit.Value;
        }
    }

    /// <summary>How many are.</summary>
    public int Inside => Volatile.Read(ref _inside);

    public int WaitingCount
    {
        get
        {
            lock (_lock)
                return _queue.Count;
        }
    }

    /// <summary>Of whoever waits for longest; zero when nobody waits.</summary>
    public TimeSpan WaitingAge
    {
        get
        {
            lock (_lock)
                return _queue.Oldest is { } since ? TimeSpan.FromTicks((Now - since) / 100) : TimeSpan.Zero;
        }
    }

    /// <summary>Requests that were refused since the start.</summary>
    public long RefusedCount => Interlocked.Read(ref _refused);

    /// <summary>A clock that never goes back, in nanoseconds.</summary>
    public long Now => _time.GetElapsedTime(_epoch).Ticks * 100;

    /// <summary>Waits for the request's turn.</summary>
    /// <param name="priority">Its class.</param>
    /// <param name="tenant">Whose it is.</param>
    /// <param name="deadline">When nobody waits for its answer any more, by <see cref="Now"/>.</param>
    /// <returns>False when it is refused; else <see cref="Leave"/> must follow.</returns>
    public ValueTask<bool> EnterAsync(Priority priority, string tenant, long deadline = long.MaxValue)
    {
        lock (_lock)
        {
            if (_queue.Count == 0)
            {
                var now = Now;
                _emptyAt = now;
                if (_inside < _limit.Value)
                {
                    _inside++;
                    return new ValueTask<bool>(true);
                }
            }

            if (_queue.Count < MostWaiting)
            {
                var waiting = new Waiting(priority, tenant, Now, deadline);
                _queue.Add(waiting);
                return new ValueTask<bool>(waiting.Turn);
            }
        }

        Interlocked.Increment(ref _refused);
        return new ValueTask<bool>(false);
    }

    /// <param name="enteredAt">By <see cref="Now"/>, after its turn came.</param>
    public void Leave(long enteredAt)
    {
        lock (_lock)
        {
            var now = Now;
            _inside--;
            _limit.Add(now, now - enteredAt, _queue.Count > 0 || _inside + 1 >= _limit.Value);
            while (_inside < _limit.Value && _queue.Take() is { } waiting)
            {
                var isInTime = now < waiting.Deadline;
                if (isInTime)
                    _inside++;
                else
                    Interlocked.Increment(ref _refused);
                waiting.End(isInTime);
            }

            if (_queue.Count == 0)
                _emptyAt = now;
        }
    }

    public void Dispose() => _sweeper.Dispose();

    private void RefuseLate()
    {
        List<Waiting> late;
        lock (_lock)
        {
            if (_queue.Count == 0)
                return;
            var now = Now;
            var patience = now - _emptyAt > BurstNs ? StandingNs : BurstNs;
            late = _queue.TakeLate(waiting => now - waiting.Since > patience || now >= waiting.Deadline);
            if (_queue.Count == 0)
                _emptyAt = now;
        }

        Interlocked.Add(ref _refused, late.Count);
        late.ForEach(waiting => waiting.End(isAdmitted: false));
    }
}
