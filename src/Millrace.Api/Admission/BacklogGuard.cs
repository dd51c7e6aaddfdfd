namespace Millrace.Api.Admission;

/// <summary>
/// Takes no new orders while those that are there stand still for too long, as when a payment provider is away for good: one more would only wait
/// behind them, without its buyer being told. What finishes them is let in as ever, so the oldest moves once the cause is gone, and the guard opens by itself.
/// </summary>
internal sealed class BacklogGuard : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(1);
    private readonly ITimer _timer;
    private volatile bool _isBehind;

    /// <param name="oldest">Age of the oldest order that should have moved. Asked once a second: an order costs nothing.</param>
    /// <param name="limit">How old it may be.</param>
    /// <param name="time">The clock.</param>
    public BacklogGuard(Func<TimeSpan> oldest, TimeSpan limit, TimeProvider time) =>
        _timer = time.CreateTimer(_ => _isBehind = oldest() > limit, null, Every, Every);

    public bool IsBehind => _isBehind;

    public void Dispose() => _timer.Dispose();
}
