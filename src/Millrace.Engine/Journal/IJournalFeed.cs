namespace Millrace.Engine.Journal;

/// <summary>Where a log of <see cref="IJournalFeed"/> begins and ends.</summary>
/// <param name="Start">What can be read comes after it; what came before is archived.</param>
/// <param name="End">The last position that is durable and will never be taken back.</param>
public readonly record struct LogBounds(long Start, long End)
{
    /// <summary>Of a log that is on its way between databases: nothing is known of it now.</summary>
    public static readonly LogBounds Away = new(0, -1);

    public bool IsAway => End < 0;
}

/// <summary>What was committed as one, as far as a log tells.</summary>
/// <param name="End">The position after it.</param>
/// <param name="Batches">A partition's in order.</param>
/// <param name="PreviousChain">What the log was before it, by its checksums; 0 at its beginning, or where that is not known any more.</param>
/// <param name="Chain">What the log is with it: another one at the same position, as after a restore, has another.</param>
public readonly record struct LogEntry(long End, IReadOnlyList<PartitionBatch> Batches, UInt128 PreviousChain, UInt128 Chain)
{
    /// <summary>Of a log that holds one partition, which chains its batches itself.</summary>
    public static LogEntry Of(PartitionBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return new LogEntry(batch.LastSeq, [batch], batch.PreviousChain, batch.Chain);
    }
}

/// <summary>
/// The journal for those who follow all of it: one or several logs, each with positions of its own. A partition's batches are all in one log, in order,
/// and stay where they are. Thread-safe; never in the way of an append.
/// </summary>
public interface IJournalFeed
{
    /// <summary>Fixed when the store was created: 1, where the log holds all partitions, or one for each partition.</summary>
    int LogCount { get; }

    /// <summary>The bounds of all logs, in order. <see cref="LogBounds.Away"/> for a log that is in no database now.</summary>
    /// <exception cref="StoreUnavailableException">They cannot be known now.</exception>
    ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation);

    /// <summary>What a log holds after a position, up to an end that was told as durable.</summary>
    /// <exception cref="StoreUnavailableException">The log cannot be read on from where it was.</exception>
    /// <exception cref="JournalCorruptException">A batch is damaged or missing.</exception>
    IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, CancellationToken cancellation);
}
