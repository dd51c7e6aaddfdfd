using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;
using Npgsql;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres;

public sealed partial class PostgresStore
{
    private const int BatchesInPiece = 500;

    // The batch before the first: what it must chain on to. Of one that is archived, a row of its own and the checkpoint know.
    private const string Start = """
        SELECT j.last_seq, j.chain FROM journal j WHERE j.partition = $1 AND j.first_seq <= $2 ORDER BY j.first_seq DESC LIMIT 1
        """;

    private const string StartOfArchived = """
        SELECT seq, chain FROM journal_archived WHERE partition = $1 AND seq = $2
        UNION ALL SELECT seq, chain FROM checkpoint WHERE partition = $1 AND seq = $2
        """;

    private const string Rows = """
        SELECT first_seq, last_seq, epoch, previous, chain, payload FROM journal
        WHERE partition = $1 AND first_seq > $2 AND first_seq <= $3 ORDER BY first_seq LIMIT $4
        """;

    public async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, [EnumeratorCancellation] CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterSeq);
        RequirePartition(partition);
        var end = await EndAsync(partition, cancellation).ConfigureAwait(false);
        await foreach (var batch in ReadAsync(partition, afterSeq, end, cancellation).ConfigureAwait(false))
            yield return batch;
    }

    /// <param name="end">Where the log must end, whatever a head says.</param>
    internal async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, (long Seq, UInt128 Chain) end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var last = await StartAsync(partition, afterSeq, cancellation).ConfigureAwait(false);
        while (last.Seq < end.Seq)
        {
            var piece = await PieceAsync(partition, last.Seq, end.Seq, cancellation).ConfigureAwait(false);
            if (piece.Count == 0)
                throw new JournalCorruptException(partition, last.Seq + 1, $"the log should end at {end.Seq}");
            foreach (var batch in piece)
            {
                RequireNext(batch, last);
                last = (batch.LastSeq, batch.Chain);
                if (batch.FirstSeq > afterSeq)
                    yield return batch;
            }
        }

        if (last != end && end.Seq > afterSeq)
            throw new JournalCorruptException(partition, last.Seq, "the log does not end with the chain of its head");
    }

    private static void RequireNext(PartitionBatch batch, (long Seq, UInt128 Chain) last)
    {
        if (batch.FirstSeq != last.Seq + 1 || batch.LastSeq < batch.FirstSeq || batch.PreviousChain != last.Chain)
            throw new JournalCorruptException(batch.Partition, last.Seq + 1, $"the row at {batch.FirstSeq} does not chain on to the one before");
        if (!batch.IsIntact())
            throw new JournalCorruptException(batch.Partition, batch.FirstSeq, "the batch fails its checksum");
    }

    /// <summary>As <see cref="Shards.ShardedStore.ReadArchivedAsync"/>, of the partitions that are in this database.</summary>
    internal Task<Dictionary<int, (long Seq, UInt128 Chain)>> ReadArchivedAsync(CancellationToken cancellation) => RunAsync(
        _readers, "SELECT partition, a.seq, a.chain FROM journal_archived a JOIN partition_head USING (partition)", static _ => { },
        async reader =>
        {
            var starts = new Dictionary<int, (long, UInt128)>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                starts.Add(reader.GetInt32(0), (reader.GetInt64(1), ReadChain(reader, 2)));
            return starts;
        },
        cancellation);

    private Task<(long Seq, UInt128 Chain)> EndAsync(int partition, CancellationToken cancellation) => RunAsync(
        _readers, "SELECT seq, chain FROM partition_head WHERE partition = $1", p => p.Add(Of(partition)),
        async reader => await reader.ReadAsync(cancellation).ConfigureAwait(false)
            ? (reader.GetInt64(0), ReadChain(reader, 1))
            : throw new JournalCorruptException(partition, 0, "it has no head"),
        cancellation);

    private async Task<(long Seq, UInt128 Chain)> StartAsync(int partition, long afterSeq, CancellationToken cancellation)
    {
        if (afterSeq == 0)
            return default;
        var found = await RunAsync(_readers, Start, p => { p.Add(Of(partition)); p.Add(Of(afterSeq)); }, ReadMarkAsync, cancellation).ConfigureAwait(false);
        return found ?? await RunAsync(
            _readers, StartOfArchived,
            p => { p.Add(Of(partition)); p.Add(Of(afterSeq)); }, ReadMarkAsync, cancellation).ConfigureAwait(false)
            ?? throw new JournalCorruptException(partition, afterSeq, "nothing is left of what comes before");
    }

    private static async Task<(long Seq, UInt128 Chain)?> ReadMarkAsync(NpgsqlDataReader reader) =>
        await reader.ReadAsync().ConfigureAwait(false) ? (reader.GetInt64(0), ReadChain(reader, 1)) : null;

    private Task<List<PartitionBatch>> PieceAsync(int partition, long afterSeq, long endSeq, CancellationToken cancellation) => RunAsync(
        _readers, Rows,
        p => { p.Add(Of(partition)); p.Add(Of(afterSeq)); p.Add(Of(endSeq)); p.Add(Of((long)BatchesInPiece)); },
        async reader =>
        {
            var batches = new List<PartitionBatch>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
            {
                batches.Add(new PartitionBatch(
                    partition, reader.GetInt64(2), reader.GetInt64(0), reader.GetInt64(1), ReadChain(reader, 3), ReadChain(reader, 4),
                    reader.GetFieldValue<byte[]>(5)));
            }

            return batches;
        },
        cancellation);
}
