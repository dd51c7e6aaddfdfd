using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite.Journal;

/// <summary>A place in a partition's log: the end of a batch, and a journal row up to which nothing comes after it.</summary>
internal readonly record struct BatchMark(long Seq, UInt128 Chain, long Position);

/// <summary>
/// Follows one partition through journal rows and finds what is not as it was written. A row that cannot be read may have
/// held a batch of any partition; it is forgiven only when the partition's next batch chains on to the one before.
/// </summary>
internal sealed class ChainWalk(int partition, BatchMark start)
{
    private readonly BatchMark _start = start;
    private string? _lost;

    /// <summary>The last batch that is proven.</summary>
    public BatchMark Last { get; private set; } = start;

    /// <summary>Set at the first damage; nothing is accepted after it.</summary>
    public JournalCorruptException? Damage { get; private set; }

    /// <summary>True when the batch goes on from <see cref="Last"/>.</summary>
    public bool Accept(PartitionBatch batch, long position)
    {
        // Other partitions' checkpoints may be older, so rows before the mark are read too.
        if (Damage is not null || batch.LastSeq <= _start.Seq)
            return false;
        if (batch.FirstSeq != Last.Seq + 1 || batch.LastSeq < batch.FirstSeq || batch.PreviousChain != Last.Chain)
            return Fail(_lost ?? $"row {position} goes on at {batch.FirstSeq} and does not chain");
        if (!batch.IsIntact())
            return Fail($"the batch in row {position} fails its checksum");
        Last = new BatchMark(batch.LastSeq, batch.Chain, position);
        _lost = null;
        return true;
    }

    /// <summary>A row, or the rest of one, is unreadable.</summary>
    public void Lose(long position, string reason)
    {
        if (position > _start.Position)
            _lost ??= reason;
    }

    /// <summary>No more rows: what was lost and not forgiven is damage.</summary>
    public void Finish()
    {
        if (_lost is not null && Damage is null)
            Fail(_lost);
    }

    private bool Fail(string reason)
    {
        Damage = new JournalCorruptException(partition, Last.Seq + 1, reason);
        return false;
    }
}
