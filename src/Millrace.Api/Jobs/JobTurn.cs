namespace Millrace.Api.Jobs;

/// <summary>
/// For how long one job may be at it while others wait for its place; as long as it likes while none does. All that it needs is stored, so it goes on where it was when its
/// turn comes again. It does so no faster than it may: what follows each order is waited out before a turn can end. Of one run.
/// </summary>
/// <param name="othersWait">Asked each time: more may have come, or none be left.</param>
/// <param name="time">Our clock.</param>
internal sealed class JobTurn(Func<bool> othersWait, TimeProvider time)
{
    /// <summary>Ten times as long as a look for what is next, which a place may lie empty for.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    // What is shorter is waited for in place: an overload that ends at once, a limit of one a second.
    private static readonly TimeSpan LongWait = TimeSpan.FromSeconds(4);
    private readonly long _beganAt = time.GetTimestamp();
    private bool _isGivenAway;

    /// <summary>How long the job is not to be begun again: what it would have waited for.</summary>
    public TimeSpan Rest { get; private set; }

    public bool IsOver => _isGivenAway || (othersWait() && time.GetElapsedTime(_beganAt) >= Length);

    /// <summary>Ends the turn, if the place is of more use to another than to wait in.</summary>
    /// <returns>Whether it has ended.</returns>
    public bool EndsBefore(TimeSpan wait)
    {
        if (othersWait() && (wait >= LongWait || IsOver))
            (_isGivenAway, Rest) = (true, wait);
        return _isGivenAway;
    }
}
