using System.Diagnostics;

namespace Millrace.Cluster.Lanes;

/// <summary>
/// Inputs of one lane. Many writers, one reader that takes everything at once: two lists that change places under a
/// lock held for a few instructions. What comes from outside is refused beyond the limit; what completes work already
/// admitted (commits, payments, reads, messages) is always taken, and bounded by that admission.
/// </summary>
internal sealed class LaneMailbox(int limit)
{
    // A monitor and not a semaphore: a reader that spins before it sleeps takes the processor from those that would wake it.
    private readonly object _lock = new();
    private List<LaneInput> _filling = new(1024);
    private long _firstAt;
    private bool _isReaderWaiting;
    private bool _isWorthATurn;
    private bool _isClosed;
    private int _wakeAt = 1;

    public int Depth => _filling.Count;

    /// <summary>For how long the first of what waits has; zero when nothing does.</summary>
    public TimeSpan OldestAge
    {
        get
        {
            lock (_lock)
                return _filling.Count == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_firstAt);
        }
    }

    /// <param name="isUrgent">A read depends on no commit, and does not wait for one.</param>
    public bool TryPostRequest(in LaneInput input, bool isUrgent)
    {
        lock (_lock)
        {
            if (_isClosed || _filling.Count >= limit)
                return false;
            Add(input);
            // Also while the reader is at work: it must not wait when it comes back.
            _isWorthATurn |= isUrgent;
            if (isUrgent || _filling.Count >= _wakeAt)
                Wake();
            return true;
        }
    }

    /// <returns>False when nobody will take it any more.</returns>
    public bool Post(in LaneInput input)
    {
        lock (_lock)
        {
            if (_isClosed)
                return false;
            Add(input);
            _isWorthATurn = true;
            Wake();
            return true;
        }
    }

    /// <summary>Waits for a completion, a read or enough requests, at most until <paramref name="timeout"/>; takes all there is.</summary>
    /// <param name="emptied">The list of the turn before, to be filled next.</param>
    /// <param name="requests">How many requests are worth waking for; 1 for any.</param>
    public List<LaneInput> TakeAll(List<LaneInput> emptied, int requests, TimeSpan timeout)
    {
        lock (_lock)
        {
            if (!_isWorthATurn && _filling.Count < requests)
            {
                (_isReaderWaiting, _wakeAt) = (true, requests);
                if (!Monitor.Wait(_lock, timeout))
                    _isReaderWaiting = false;
            }

            _isWorthATurn = false;
            (var taken, _filling) = (_filling, emptied);
            return taken;
        }
    }

    /// <summary>Takes nothing more.</summary>
    /// <returns>What is left in it, the caller's own.</returns>
    public List<LaneInput> Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            (var left, _filling) = (_filling, []);
            return left;
        }
    }

    private void Add(in LaneInput input)
    {
        if (_filling.Count == 0)
            _firstAt = Stopwatch.GetTimestamp();
        _filling.Add(input);
    }

    private void Wake()
    {
        if (!_isReaderWaiting)
            return;
        _isReaderWaiting = false;
        Monitor.Pulse(_lock);
    }
}
