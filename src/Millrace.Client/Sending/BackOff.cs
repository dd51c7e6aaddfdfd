namespace Millrace.Client.Sending;

/// <summary>How long to wait before the next attempt. Thread-safe, whatever the source of its randomness.</summary>
internal sealed class BackOff(Random random)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(5);
    private readonly Lock _lock = new();

    /// <param name="attempt">0 after the first.</param>
    /// <param name="retryAfter">What the server said; then not before that, and not all at the same moment.</param>
    public TimeSpan Of(int attempt, TimeSpan? retryAfter) => retryAfter is { } asked
        ? asked + (First * Draw())
        // Full jitter: anything from nothing to twice as much as the last time. "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
        : TimeSpan.FromTicks(Math.Min(Most.Ticks, First.Ticks << Math.Min(attempt, 10))) * Draw();

    private double Draw()
    {
        lock (_lock)
            return random.NextDouble();
    }
}
