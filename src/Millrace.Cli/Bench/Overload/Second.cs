using HdrHistogram;

namespace Millrace.Cli.Bench.Overload;

/// <summary>What callers saw in one second. Thread-safe.</summary>
internal sealed class Second
{
    public const long MostMicroseconds = 60_000_000;
    private readonly LongConcurrentHistogram _asked = new(1, MostMicroseconds, 2);
    private readonly LongConcurrentHistogram _due = new(1, MostMicroseconds, 2);
    private long _refused;
    private long _limited;
    private long _failed;
    private long _givenUp;

    public long Accepted => _asked.TotalCount;

    /// <summary>Answers that there is more than can be done (503).</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Answers that a quota is used up (429).</summary>
    public long Limited => Interlocked.Read(ref _limited);

    /// <summary>Other answers, and broken connections.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Orders that their caller no longer wanted when it could have sent them.</summary>
    public long GivenUp => Interlocked.Read(ref _givenUp);

    /// <summary>Microseconds from asking to the answer, of the accepted.</summary>
    public HistogramBase SinceAsked => _asked;

    /// <summary>Microseconds from when the order was due, the wait for the caller's connection and for this program in them.</summary>
    public HistogramBase SinceDue => _due;

    public void Accept(TimeSpan sinceAsked, TimeSpan sinceDue)
    {
        _asked.RecordValue(Microseconds(sinceAsked));
        _due.RecordValue(Microseconds(sinceDue));
    }

    public void Refuse() => Interlocked.Increment(ref _refused);

    public void Limit() => Interlocked.Increment(ref _limited);

    public void Fail() => Interlocked.Increment(ref _failed);

    public void GiveUp(long orders) => Interlocked.Add(ref _givenUp, orders);

    private static long Microseconds(TimeSpan time) => Math.Clamp((long)time.TotalMicroseconds, 1, MostMicroseconds);
}
