namespace Millrace.Api.Overview;

/// <summary>The last hour of this node, second by second. Thread-safe.</summary>
internal sealed class NodeSamples
{
    /// <summary>Seconds that are kept.</summary>
    public const int Kept = 3_600;

    private readonly Lock _lock = new();
    private readonly Queue<NodeSample> _samples = new(Kept);

    public void Add(NodeSample sample)
    {
        lock (_lock)
        {
            if (_samples.Count == Kept)
                _samples.Dequeue();
            _samples.Enqueue(sample);
        }
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
