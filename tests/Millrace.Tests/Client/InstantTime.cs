namespace Millrace.Tests.Client;

/// <summary>
/// A clock on which every waiting is over at once, and noted. Only time-outs of attempts, known by their length, do not come: unless they are asked
/// for, and then also at once.
/// </summary>
internal sealed class InstantTime(TimeSpan attemptTimeout) : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public List<TimeSpan> Waits { get; } = [];

    /// <summary>How many of the next attempts time out.</summary>
    public int Late { get; set; }

    /// <summary>What passes before each look at how much has.</summary>
    public TimeSpan Pace { get; init; }

    public override DateTimeOffset GetUtcNow() => _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp()
    {
        Advance(Pace);
        return _now.UtcTicks;
    }

    public void Advance(TimeSpan by) => _now += by;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var isAttempt = dueTime == attemptTimeout;
        if (isAttempt && Late == 0)
            return new Ended();
        if (isAttempt)
            Late--;
        else
            Waits.Add(dueTime);
        Advance(dueTime);
        callback(state);
        return new Ended();
    }

    private sealed class Ended : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => false;

        public void Dispose()
        {
            // Nothing runs.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
