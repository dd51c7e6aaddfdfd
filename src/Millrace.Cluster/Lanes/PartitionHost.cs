using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;

namespace Millrace.Cluster.Lanes;

/// <summary>Where a partition stands on this node. Numbers are shown in metrics.</summary>
public enum PartitionState
{
    /// <summary>Not owned by this node.</summary>
    Stopped = 0,

    Recovering = 1,
    Serving = 2,

    /// <summary>The store refuses to commit: reads go on, changes get 503, the batch is tried again.</summary>
    Stalled = 3,

    /// <summary>The journal is damaged or an invariant broke: an operator must act.</summary>
    Halted = 4,
}

/// <summary>One partition's place in its lane. Touched by the lane's thread only; <see cref="State"/> and <see cref="Format"/> are read by others.</summary>
internal sealed class PartitionHost(int id)
{
    private volatile PartitionState _state = PartitionState.Stopped;
    private int _format;
    private CancellationTokenSource _life = new();

    public int Id { get; } = id;

    public PartitionState State
    {
        get => _state;
        set => _state = value;
    }

    public Partition? Partition { get; set; }

    /// <summary>The payload format that it writes, as its last claim learned it.</summary>
    public int Format
    {
        get => Volatile.Read(ref _format);
        set => Volatile.Write(ref _format, value);
    }

    /// <summary>Counts recoveries: what is told of an earlier one is not taken for the present one's.</summary>
    public long Attempt { get; set; }

    /// <summary>Ends with the incarnation, or with the attempt to recover one: what is done for it is of no use to anybody then.</summary>
    public CancellationToken Life => _life.Token;

    /// <summary>Its outputs or batch want attention at the end of the turn.</summary>
    public bool IsTouched { get; set; }

    /// <summary>Answers that wait for the store to say that the partition is still this node's.</summary>
    public List<OutgoingReply> Unconfirmed { get; set; } = [];

    /// <summary>A batch that the store refused, to be tried again.</summary>
    public PartitionBatch? Refused { get; set; }

    /// <summary>Set while the node gives the partition up: completed once it is flushed and released.</summary>
    public TaskCompletionSource? Stopping { get; set; }

    public void BeginLife()
    {
        EndLife();
        _life = new CancellationTokenSource();
    }

    // What was waiting goes on elsewhere, not on the lane's thread.
    public void EndLife() => _ = _life.CancelAsync();
}
