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
    private bool _isReaderWaiting;

    public int Depth => _filling.Count;

    public bool TryPostRequest(in LaneInput input)
    {
        lock (_lock)
        {
            if (_filling.Count >= limit)
                return false;
            Add(input);
            return true;
        }
    }

    public void Post(in LaneInput input)
    {
        lock (_lock)
            Add(input);
    }

    /// <summary>Waits for input, at most until <paramref name="timeout"/>; takes all there is.</summary>
    /// <param name="emptied">The list of the turn before, to be filled next.</param>
    public List<LaneInput> TakeAll(List<LaneInput> emptied, TimeSpan timeout)
    {
        lock (_lock)
        {
            if (_filling.Count == 0)
            {
                _isReaderWaiting = true;
                if (!Monitor.Wait(_lock, timeout))
                    _isReaderWaiting = false;
            }

            (var taken, _filling) = (_filling, emptied);
            return taken;
        }
    }

    private void Add(in LaneInput input)
    {
        _filling.Add(input);
        if (!_isReaderWaiting)
            return;
        _isReaderWaiting = false;
        Monitor.Pulse(_lock);
    }
}
