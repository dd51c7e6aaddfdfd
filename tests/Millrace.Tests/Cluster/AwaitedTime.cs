using Microsoft.Extensions.Time.Testing;
using Millrace.Cluster.Administration;

namespace Millrace.Tests.Cluster;

/// <summary>
/// Tells whether the lease waits for its next renewal: then it has done all that it does at this moment. One thread at a time moves the clock or sets a
/// timer: <see cref="FakeTimeProvider"/> leaves due timers to whichever other thread is there, and returns before they are called.
/// </summary>
internal sealed class AwaitedTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Lock _turn = new();
    private int _renewals;

    public bool IsAwaited => Volatile.Read(ref _renewals) > 0;

    public void Pass(TimeSpan time)
    {
        lock (_turn)
            Advance(time);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        lock (_turn)
        {
            var timer = new Turned(this, dueTime == Lease.RenewEvery);
            timer.Inner = base.CreateTimer(given =>
            {
                timer.End();
                callback(given);
            }, state, dueTime, period);
            return timer;
        }
    }

    private sealed class Turned : ITimer
    {
        private readonly AwaitedTime _time;
        private int _isRenewal;

        public Turned(AwaitedTime time, bool isRenewal)
        {
            (_time, _isRenewal) = (time, isRenewal ? 1 : 0);
            Interlocked.Add(ref time._renewals, _isRenewal);
        }

        public ITimer? Inner { get; set; }

        public void End() => Interlocked.Add(ref _time._renewals, -Interlocked.Exchange(ref _isRenewal, 0));

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (_time._turn)
                return Inner!.Change(dueTime, period);
        }

        public void Dispose()
        {
            End();
            Inner!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return Inner!.DisposeAsync();
        }
    }
}
