using Microsoft.Extensions.Time.Testing;

namespace Millrace.Tests.EndToEnd;

/// <summary>A clock that somebody sets back, as an operator or a time server does: what has elapsed goes on meanwhile, and so do timers.</summary>
internal sealed class AdjustedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private long _backTicks;

    public void SetBack(TimeSpan by) => Interlocked.Add(ref _backTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(-Interlocked.Read(ref _backTicks));

    // The other's is made of the time of day.
    public override long GetTimestamp() => base.GetUtcNow().UtcTicks;
}
