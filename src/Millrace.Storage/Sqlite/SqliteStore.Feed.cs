using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite;

/// <summary>One log: the rows of the journal, each a commit of batches of any partitions.</summary>
public sealed partial class SqliteStore : IJournalFeed
{
    public int LogCount => 1;

    public ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation)
    {
        if (_closed)
            throw new StoreUnavailableException("The store is closed.");
        // Without the lock: it would wait for the commit under way. Moved only once a commit is durable.
        return ValueTask.FromResult<LogBounds[]>([new LogBounds(0, Interlocked.Read(ref _lastPosition))]);
    }

    public async IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(log, 0);
        ArgumentOutOfRangeException.ThrowIfNegative(after);
        var chain = UInt128.Zero;
        // The row before tells what was there; whoever stands behind one that is damaged is held up only by what is damaged before him.
        if (after > 0 && after < end && await ReadPieceAsync(after, after, only: null, cancellation) is [{ Lost: null } before])
            chain = ChainOf(before.Batches);
        for (var from = after + 1; from <= end;)
        {
            foreach (var row in await ReadPieceAsync(from, end, only: null, cancellation))
            {
                // Which partition's it was is found when that one recovers; whoever follows all can only stop.
                if (row.Lost is not null)
                    throw new StoreUnavailableException("The journal cannot be followed further: " + row.Lost);
                foreach (var batch in row.Batches)
                {
                    if (!batch.IsIntact())
                        throw new JournalCorruptException(batch.Partition, batch.FirstSeq, "the batch fails its checksum");
                }

                var previous = chain;
                chain = ChainOf(row.Batches);
                yield return new LogEntry(row.Position, row.Batches, previous, chain);
                from = row.Position + 1;
            }
        }
    }

    // Each partition chains its own batches: of a row that holds those of several, all together.
    private static UInt128 ChainOf(IReadOnlyList<PartitionBatch> batches) => batches.Aggregate(UInt128.Zero, static (all, batch) => all ^ batch.Chain);
}
