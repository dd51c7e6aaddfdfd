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

    private const string End = "SELECT seq, chain FROM partition_head WHERE partition = $1";

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
        // All at once: a partition that is handed over waits for each answer of the database.
        var (end, start, piece) = await RunAsync(
            _readers,
            [(End, [Of(partition)]), (Start, [Of(partition), Of(afterSeq)]), (Rows, [Of(partition), Of(afterSeq), Of(long.MaxValue), Of((long)BatchesInPiece)])],
            async reader =>
            {
                var end = await ReadMarkAsync(reader, cancellation).ConfigureAwait(false) ?? throw new JournalCorruptException(partition, 0, "it has no head");
                await reader.NextResultAsync(cancellation).ConfigureAwait(false);
                var start = await ReadMarkAsync(reader, cancellation).ConfigureAwait(false);
                await reader.NextResultAsync(cancellation).ConfigureAwait(false);
                return (end, start, await RowsAsync(reader, row => ReadBatch(partition, row), cancellation).ConfigureAwait(false));
            },
            cancellation).ConfigureAwait(false);
        // What was appended since the head was read has a head of its own.
        piece.RemoveAll(batch => batch.FirstSeq > end.Seq);
        await foreach (var batch in ReadAsync(partition, afterSeq, end, await StartAsync(partition, afterSeq, start, cancellation).ConfigureAwait(false), piece, cancellation).ConfigureAwait(false))
            yield return batch;
    }

    /// <param name="end">Where the log must end, whatever a head says.</param>
    internal async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, (long Seq, UInt128 Chain) end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var found = await RunAsync(_readers, Start, p => { p.Add(Of(partition)); p.Add(Of(afterSeq)); }, reader => ReadMarkAsync(reader, cancellation), cancellation).ConfigureAwait(false);
        var start = await StartAsync(partition, afterSeq, found, cancellation).ConfigureAwait(false);
        await foreach (var batch in ReadAsync(partition, afterSeq, end, start, [], cancellation).ConfigureAwait(false))
            yield return batch;
    }

    /// <param name="last">What the first batch must chain on to.</param>
    /// <param name="piece">The first batches, as far as they were read already.</param>
    private async IAsyncEnumerable<PartitionBatch> ReadAsync(
        int partition, long afterSeq, (long Seq, UInt128 Chain) end, (long Seq, UInt128 Chain) last, List<PartitionBatch> piece,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        while (last.Seq < end.Seq)
        {
            if (piece.Count == 0)
                piece = await PieceAsync(partition, last.Seq, end.Seq, cancellation).ConfigureAwait(false);
            if (piece.Count == 0)
                throw new JournalCorruptException(partition, last.Seq + 1, $"the log should end at {end.Seq}");
            foreach (var batch in piece)
            {
                RequireNext(batch, last);
                last = (batch.LastSeq, batch.Chain);
                if (batch.FirstSeq > afterSeq)
                    yield return batch;
            }

            piece = [];
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

    private async Task<(long Seq, UInt128 Chain)> StartAsync(int partition, long afterSeq, (long Seq, UInt128 Chain)? found, CancellationToken cancellation)
    {
        if (afterSeq == 0)
            return default;
        return found ?? await RunAsync(
            _readers, StartOfArchived,
            p => { p.Add(Of(partition)); p.Add(Of(afterSeq)); }, reader => ReadMarkAsync(reader, cancellation), cancellation).ConfigureAwait(false)
            ?? throw new JournalCorruptException(partition, afterSeq, "nothing is left of what comes before");
    }

    private static async Task<(long Seq, UInt128 Chain)?> ReadMarkAsync(NpgsqlDataReader reader, CancellationToken cancellation) =>
        await reader.ReadAsync(cancellation).ConfigureAwait(false) ? (reader.GetInt64(0), ReadChain(reader, 1)) : null;

    private Task<List<PartitionBatch>> PieceAsync(int partition, long afterSeq, long endSeq, CancellationToken cancellation) => ReadAllAsync(
        Rows,
        p => { p.Add(Of(partition)); p.Add(Of(afterSeq)); p.Add(Of(endSeq)); p.Add(Of((long)BatchesInPiece)); },
        reader => ReadBatch(partition, reader), cancellation);

    private static PartitionBatch ReadBatch(int partition, NpgsqlDataReader reader) => new(
        partition, reader.GetInt64(2), reader.GetInt64(0), reader.GetInt64(1), ReadChain(reader, 3), ReadChain(reader, 4), reader.GetFieldValue<byte[]>(5));
}
