using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>
/// A whole cluster on one thread: partitions, journal, read model, network and payment provider. Everything that takes
/// time in a real shell is an event here; without faults events run in the order in which they arise, with faults the seed picks.
/// </summary>
internal sealed partial class PartitionHarness
{
    private readonly record struct Event(int Partition, int? Incarnation, Action Run);

    private const int MostEvents = 2_000_000;
    private readonly PartitionOptions _options;
    private readonly Partition[] _partitions;
    private readonly int[] _incarnations;
    private readonly PartitionBatch?[] _inFlight;
    private readonly LinkedList<Event> _events = [];
    private readonly List<(int Partition, Action Execute)> _atPsp = [];
    private int _run;

    public PartitionHarness(int partitions = 1, PartitionOptions? options = null, Faults? faults = null)
    {
        _options = options ?? new PartitionOptions();
        Faults = faults;
        Map = new PartitionMap(partitions);
        Journal = new MemoryJournal(partitions);
        ReadModel = new MemoryReadModel(partitions);
        _partitions = new Partition[partitions];
        _incarnations = new int[partitions];
        _inFlight = new PartitionBatch?[partitions];
        for (var id = 0; id < partitions; id++)
            Start(id);
    }

    public Faults? Faults { get; }
    public PartitionMap Map { get; }
    public MemoryJournal Journal { get; }
    public MemoryReadModel ReadModel { get; }
    public ScriptedPsp Psp { get; } = new();
    public long NowMs { get; private set; } = Domain.Given.NowMs;
    public Partition this[int id] => _partitions[id];
    public IEnumerable<Partition> Partitions => _partitions;

    /// <summary>While it is true, what is to be checkpointed is never stored.</summary>
    public bool IsReadModelAway { get; set; }

    /// <summary>While it is true, payment requests wait.</summary>
    public bool IsPspSlow
    {
        get;
        set
        {
            field = value;
            foreach (var (id, execute) in value ? [] : _atPsp)
                Later(id, null, execute);
            _atPsp.Clear();
        }
    }

    /// <summary>Called after each event.</summary>
    public Action? AfterEvent { get; set; }

    /// <summary>Called when a batch is about to be written, and may crash a partition.</summary>
    public Action<PartitionBatch>? BeforeAppend { get; set; }

    /// <summary>Called when a batch is durable and its partition does not know it yet.</summary>
    public Action<PartitionBatch>? BeforeCommitted { get; set; }

    /// <summary>Called when a partition has let its outputs go and nobody has picked them up.</summary>
    public Action<PartitionBatch>? AfterCommitted { get; set; }

    public RecordingSink Send(int partition, PartitionRequest request)
    {
        var sink = new RecordingSink();
        _partitions[partition].Handle(request, sink, NowMs);
        Drain(partition);
        return sink;
    }

    /// <summary>One event. False when nothing is left to happen.</summary>
    public bool Step()
    {
        if (_events.Count == 0)
            return false;
        Assert.True(++_run < MostEvents, "It never comes to rest.");
        var node = _events.First!;
        _events.RemoveFirst();
        if (node.Value.Incarnation is null || node.Value.Incarnation == _incarnations[node.Value.Partition])
        {
            node.Value.Run();
            Drain(node.Value.Partition);
        }

        AfterEvent?.Invoke();
        return true;
    }

    /// <summary>Runs until nothing happens without time passing.</summary>
    public void Pump()
    {
        while (Step())
        {
        }
    }

    public void Advance(long ms)
    {
        AdvanceClock(ms);
        Pump();
    }

    /// <summary>Time passes and every partition is told; what follows is left to happen.</summary>
    public void AdvanceClock(long ms)
    {
        NowMs += ms;
        for (var id = 0; id < _partitions.Length; id++)
        {
            _partitions[id].Tick(NowMs);
            Drain(id);
        }
    }

    public void RunUntil(Func<bool> isDone, long mostMs = 600_000, long stepMs = 250)
    {
        Pump();
        for (var ms = 0L; !isDone(); ms += stepMs)
        {
            Assert.True(ms < mostMs, "It did not happen in time.");
            Advance(stepMs);
        }
    }

    private void Later(int partition, int? incarnation, Action run) => _events.AddLast(new Event(partition, incarnation, run));
}
