namespace Millrace.Cluster.Lanes;

/// <summary>
/// Inputs of one lane. Many writers, one reader that takes everything at once: two lists that change places under a
/// lock held for a few instructions. What comes from outside is refused beyond the limit; what completes work already
/// admitted (commits, payments, reads, messages) is always taken, and bounded by that admission.
/// </summary>
internal sealed class LaneMailbox(int limit)
{
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _signal = new(0, 1);
    private List<LaneInput> _filling = new(1024);
    private bool _isSignaled;

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
        _signal.Wait(timeout);
        lock (_lock)
        {
            var taken = _filling;
            _filling = emptied;
            // A signal given after the wait timed out belongs to what is taken here.
            if (_isSignaled && _signal.CurrentCount > 0)
                _signal.Wait(0);
            _isSignaled = false;
            return taken;
        }
    }

    private void Add(in LaneInput input)
    {
        _filling.Add(input);
        if (_isSignaled)
            return;
        _isSignaled = true;
        _signal.Release();
    }
}
