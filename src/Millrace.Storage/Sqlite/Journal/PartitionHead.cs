using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite.Journal;

/// <summary>
/// Where a partition's log ends, in memory. The lock on the data folder makes it as good as a row, and far cheaper.
/// Used under the store's writer lock only.
/// </summary>
internal sealed class PartitionHead(int partition)
{
    private readonly Queue<BatchMark> _sinceCheckpoint = new();
    private (long Seq, UInt128 Chain) _staged;
    private long _stagedAttempt = -1;

    public int Partition => partition;

    public long Epoch { get; set; }

    /// <summary>The last durable batch.</summary>
    public BatchMark Last { get; private set; }

    /// <summary>The batch up to which the read model shows the log. Its position is the last row that it covers.</summary>
    public BatchMark Checkpoint { get; private set; }

    /// <summary>After an ambiguous commit: nothing is taken from the owner until someone claims.</summary>
    public bool MustClaim { get; set; }

    /// <summary>The log cannot be trusted beyond <see cref="Last"/>; the partition takes nothing more.</summary>
    public JournalCorruptException? Damage { get; set; }

    /// <summary>The batches that the opening scan found after the checkpoint, until they are read for the first time.</summary>
    public List<PartitionBatch>? Tail { get; set; }

    /// <summary>The first journal row that a new start must read for this partition; null when there is none.</summary>
    public long? FirstPositionAfter(long seq)
    {
        foreach (var mark in _sinceCheckpoint)
        {
            if (mark.Seq > seq)
                return mark.Position;
        }

        return null;
    }

    public bool Accepts(long epoch) => epoch == Epoch && !MustClaim && Damage is null;

    /// <summary>The compare half of the compare-and-set. Batches of one group may follow each other.</summary>
    /// <param name="attempt">A number of its own for every try to commit: what a failed one staged is void.</param>
    /// <param name="batch">The batch that would become the last.</param>
    public bool TryStage(long attempt, PartitionBatch batch)
    {
        if (_stagedAttempt != attempt)
            (_stagedAttempt, _staged) = (attempt, (Last.Seq, Last.Chain));
        if (!Accepts(batch.Epoch) || batch.FirstSeq != _staged.Seq + 1 || batch.PreviousChain != _staged.Chain)
            return false;
        _staged = (batch.LastSeq, batch.Chain);
        return true;
    }

    /// <summary>The batch is durable.</summary>
    public void Advance(BatchMark mark)
    {
        Last = mark;
        _sinceCheckpoint.Enqueue(mark);
    }

    /// <summary>Begins at a checkpoint read from disk.</summary>
    public void Restore(BatchMark checkpoint) => Last = Checkpoint = checkpoint;

    /// <summary>The durable batch that ends at <paramref name="seq"/>, not before the last checkpoint.</summary>
    public BatchMark? Find(long seq)
    {
        if (seq == Checkpoint.Seq)
            return Checkpoint;
        foreach (var mark in _sinceCheckpoint)
        {
            if (mark.Seq == seq)
                return mark;
        }

        return null;
    }

    public void CheckpointDone(BatchMark mark)
    {
        Checkpoint = mark;
        Tail = null;
        while (_sinceCheckpoint.TryPeek(out var oldest) && oldest.Seq <= mark.Seq)
            _sinceCheckpoint.Dequeue();
    }
}
