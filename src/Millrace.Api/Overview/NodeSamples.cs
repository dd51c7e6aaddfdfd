namespace Millrace.Api.Overview;

/// <summary>The last hour of this node, second by second. Thread-safe.</summary>
internal sealed class NodeSamples
{
    /// <summary>Seconds that are kept.</summary>
    public const int Kept = 3_600;

    /// <summary>What part of the orders may be turned away: the objective of docs/operating/slo.md, 99.99%.</summary>
    public const double AcceptBudget = 0.0001;

    private readonly Lock _lock = new();
    private readonly Queue<NodeSample> _samples = new(Kept);
    private long _asked;
    private long _turnedAway;

    public void Add(NodeSample sample)
    {
        lock (_lock)
        {
            if (_samples.Count == Kept)
                Count(_samples.Dequeue(), -1);
            Count(sample, 1);
            _samples.Enqueue(sample with { AcceptBudgetLeft = _asked == 0 ? null : Math.Max(0, 1 - (_turnedAway / (_asked * AcceptBudget))) });
        }
    }

    // In whole orders: what is added is taken away again to the last one, however often.
    private void Count(NodeSample sample, int sign)
    {
        var turnedAway = (long)Math.Round(sample.Unavailable * sample.Seconds);
        _turnedAway += sign * turnedAway;
        _asked += sign * (turnedAway + (long)Math.Round((sample.Placed + sample.Refused) * sample.Seconds));
    }

    /// <summary>The last so many, each of <paramref name="step"/> seconds, oldest first.</summary>
    public IReadOnlyList<NodeSample> Last(int seconds, int step)
    {
        List<NodeSample> last;
        lock (_lock)
            last = [.. _samples.Skip(_samples.Count - seconds)];
        return step == 1 ? last : [.. last.Chunk(step).Select(NodeSample.Of)];
    }
}
