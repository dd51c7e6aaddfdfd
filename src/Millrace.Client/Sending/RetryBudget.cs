namespace Millrace.Client.Sending;

/// <summary>
/// How many repeats a client may send: a part of its requests, and one a second. When a server is down, clients that each repeat four times ask it
/// for five times as much; with a budget they ask for a tenth more, whatever their number. A bucket of tokens: full at the start, each request adds
/// a part of one, each second one, each repeat takes one. Thread-safe.
/// </summary>
internal sealed class RetryBudget(double ratio, TimeProvider time)
{
    private const double Most = 10;
    private const double PerSecond = 1;
    private readonly Lock _lock = new();
    private double _tokens = Most;
    private long _filledAt = time.GetTimestamp();

    public void AddRequest()
    {
        lock (_lock)
            Fill(ratio);
    }

    /// <returns>False when there is none left: the failure is to be told, not repeated.</returns>
    public bool TryTake()
    {
        lock (_lock)
        {
            Fill(0);
            if (_tokens < 1)
                return false;
            _tokens--;
            return true;
        }
    }

    private void Fill(double more)
    {
        var now = time.GetTimestamp();
        _tokens = Math.Min(Most, _tokens + (time.GetElapsedTime(_filledAt, now).TotalSeconds * PerSecond) + more);
        _filledAt = now;
    }
}
