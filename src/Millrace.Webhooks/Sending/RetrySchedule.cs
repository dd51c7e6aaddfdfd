namespace Millrace.Webhooks.Sending;

/// <summary>When a delivery that failed is tried again: after 5 s at first, after a day at last, ten times in 75 hours and a half altogether.</summary>
public static class RetrySchedule
{
    /// <summary>The longest that a receiver may put us off with <c>Retry-After</c>: what is later is its own outage, and the schedule's to handle.</summary>
    public static readonly TimeSpan MaxRetryAfter = TimeSpan.FromDays(1);

    // A fifth of the pause at most, to both sides: receivers that came back are not met by all that waits at once.
    private const double Jitter = 0.2;

    // A receiver that was restarted, one that is mended within the hour, one that is mended after a weekend.
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>Attempts that an event gets, the first included.</summary>
    public static int MostAttempts => Pauses.Length + 1;

    /// <param name="failed">Attempts that have failed, from 1.</param>
    /// <param name="retryAfter">What the receiver asked for; null for nothing. Never shortens a pause.</param>
    /// <param name="random">0 to 1.</param>
    /// <returns>Null when there is no further attempt.</returns>
    public static TimeSpan? PauseAfter(int failed, TimeSpan? retryAfter, double random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(failed, 1);
        if (failed > Pauses.Length)
            return null;
        var pause = Pauses[failed - 1] * (1 - Jitter + (2 * Jitter * random));
        var asked = retryAfter > MaxRetryAfter ? MaxRetryAfter : retryAfter ?? TimeSpan.Zero;
        return asked > pause ? asked : pause;
    }
}
