using Millrace.Simulation.Nodes;

namespace Millrace.Simulation.Time;

/// <summary>What will happen, in virtual time, on one thread. Events of one instant happen in the order in which they were made.</summary>
internal sealed class Schedule
{
    // Above the sequence stand 40 bits of microseconds, which is twelve days.
    private const int SequenceBits = 24;
    private readonly PriorityQueue<Event, ulong> _events = new(1024);
    private ulong _sequence;

    private readonly record struct Event(Action Run, SimulatedNode? Node, int Incarnation);

    /// <summary>Microseconds since the world began.</summary>
    public long NowUs { get; private set; }

    /// <summary>Events that happened.</summary>
    public long Count { get; private set; }

    /// <summary>Something that happens whatever becomes of the nodes.</summary>
    public void After(long us, Action run) => Add(NowUs + us, new Event(run, null, 0));

    /// <summary>Something that this life of the node will notice, if it lasts.</summary>
    public void After(long us, SimulatedNode node, Action run) => After(us, node, node.Incarnation, run);

    /// <summary>Something reaches the node now, or when it goes on; or nobody, when the life that asked for it is over.</summary>
    public void Reach(SimulatedNode node, int incarnation, Action run)
    {
        if (node.Incarnation != incarnation)
            return;
        if (node.PausedUntilUs > NowUs)
        {
            Add(node.PausedUntilUs, new Event(run, node, incarnation));
            return;
        }

        run();
        node.Settle();
    }

    /// <summary>An answer.</summary>
    /// <param name="incarnation">The life that asked: the next one does not know of it.</param>
    public void After(long us, SimulatedNode node, int incarnation, Action run) => Add(NowUs + us, new Event(run, node, incarnation));

    /// <summary>The next event. False when there is none before <paramref name="endUs"/>.</summary>
    public bool Step(long endUs)
    {
        if (!_events.TryPeek(out _, out var key) || (long)(key >> SequenceBits) > endUs)
            return false;
        var next = _events.Dequeue();
        NowUs = (long)(key >> SequenceBits);
        if (next.Node is { } node)
        {
            if (node.Incarnation != next.Incarnation)
                return true;
            if (node.PausedUntilUs > NowUs)
            {
                Add(node.PausedUntilUs, next);
                return true;
            }
        }

        Count++;
        next.Run();
        next.Node?.Settle();
        return true;
    }

    private void Add(long atUs, Event next)
    {
        if (++_sequence >= 1UL << SequenceBits)
            throw new InvalidOperationException("A world with 16 million events does not come to rest.");
        _events.Enqueue(next, ((ulong)atUs << SequenceBits) | _sequence);
    }
}
