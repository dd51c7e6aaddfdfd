using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Journal;

/// <summary>
/// Finds every partition's head from its checkpoint and one pass over the journal's tail, and keeps the tail's batches for
/// the partitions that are about to read them.
/// </summary>
/// <param name="Heads">One a partition.</param>
/// <param name="LastPosition">The journal's last row.</param>
/// <param name="ScanFrom">The first row that is not covered by checkpoints.</param>
internal sealed record OpeningScan(PartitionHead[] Heads, long LastPosition, long ScanFrom)
{
    /// <summary>A tail is about two seconds of work. One beyond this is read again from disk, partition by partition.</summary>
    private const long MostKeptBytes = 512L * 1024 * 1024;

    public static OpeningScan Run(SqliteSession journal, SqliteSession readModel, int partitionCount)
    {
        var heads = ReadHeads(journal, partitionCount);
        RestoreCheckpoints(readModel, heads);
        var scanFrom = readModel.Scalar("SELECT scan_from FROM progress");
        var last = journal.Scalar("SELECT coalesce(max(position), 0) FROM journal");
        var seen = readModel.Scalar("SELECT last_position FROM progress");
        if (seen > last)
            throw new StoreRefusedException(
                $"The journal ends at row {last}, but the read model has seen row {seen}: the end of the journal is lost, or the files are of different moments. "
                + "Restore millrace.journal.db; a read model may be older than its journal, never newer. Without its files it is made again from the journal that is there.");
        // Rows that are missing at the end are found like those in between.
        last = End(journal, last);
        var walks = Array.ConvertAll(heads, head => new ChainWalk(head.Partition, head.Checkpoint));
        long kept = 0;

        for (var from = scanFrom; from <= last;)
        {
            foreach (var row in JournalRows.ReadPiece(journal, from, last, only: null, partitionCount))
            {
                foreach (var batch in row.Batches)
                {
                    if (!walks[batch.Partition].Accept(batch, row.Position))
                        continue;
                    var head = heads[batch.Partition];
                    head.Advance(walks[batch.Partition].Last);
                    kept += batch.Payload.Length;
                    if (kept <= MostKeptBytes)
                        (head.Tail ??= []).Add(batch);
                }

                if (row.Lost is not null)
                    Array.ForEach(walks, walk => walk.Lose(row.Position, row.Lost));
                from = row.Position + 1;
            }
        }

        for (var partition = 0; partition < partitionCount; partition++)
        {
            walks[partition].Finish();
            heads[partition].Damage = walks[partition].Damage;
            if (kept > MostKeptBytes)
                heads[partition].Tail = null;
            else if (walks[partition].Damage is null)
                heads[partition].Tail ??= [];
        }

        return new OpeningScan(heads, last, scanFrom);
    }

    private static long End(SqliteSession journal, long last)
    {
        var end = journal.Scalar("SELECT coalesce(max(position), -1) FROM journal_end");
        return end >= last ? end : throw new StoreRefusedException(
            $"The journal has row {last}, and its own mark says that it ends at row {end}: millrace.journal.db is damaged. Restore it.");
    }

    private static PartitionHead[] ReadHeads(SqliteSession session, int partitionCount)
    {
        var heads = new PartitionHead[partitionCount];
        var statement = session.Statement("SELECT partition, epoch FROM partition_head ORDER BY partition");
        using var scope = statement.Use();
        for (var partition = 0; statement.Step(); partition++)
        {
            if (partition >= partitionCount || statement.Int64(0) != partition)
                throw new StoreRefusedException("The store's partition heads do not match its number of partitions.");
            heads[partition] = new PartitionHead(partition) { Epoch = statement.Int64(1) };
        }

        return heads[^1] is null
            ? throw new StoreRefusedException("The store's partition heads do not match its number of partitions.")
            : heads;
    }

    private static void RestoreCheckpoints(SqliteSession session, PartitionHead[] heads)
    {
        var statement = session.Statement("SELECT partition, seq, chain, position FROM checkpoint");
        using var scope = statement.Use();
        while (statement.Step())
        {
            var partition = statement.Int64(0);
            if ((ulong)partition >= (ulong)heads.Length)
                throw new StoreRefusedException("The read model's checkpoints do not match the store's number of partitions.");
            heads[partition].Restore(new BatchMark(statement.Int64(1), statement.UInt128(2), statement.Int64(3)));
        }
    }
}
