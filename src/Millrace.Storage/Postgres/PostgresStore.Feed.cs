using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>A log for each partition, whose positions are its sequences; those of partitions that are in another database are away.</summary>
public sealed partial class PostgresStore : IJournalFeed
{
    private const string Bounds = """
        SELECT h.partition, coalesce(a.seq, 0), h.seq FROM partition_head h LEFT JOIN journal_archived a USING (partition)
        """;

    // A commit is seen by others before it is known to be at the standby only when its session dies meanwhile. A later commit that has
    // reached the standby proves all before it; this one changes nothing, but takes a transaction id and so is waited for.
    private const string Barrier = "SELECT pg_logical_emit_message(true, 'millrace feed', '')";

    // The last that were told: what is proven once needs no proof again.
    private volatile LogBounds[]? _told;

    public int LogCount => PartitionCount;

    public async ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation)
    {
        RequireOpen();
        try
        {
            return await _readers.RunAsync(async source =>
            {
                var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                    return await ReadBoundsAsync(connection).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) || fault is StoreRefusedException)
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    public async IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        RequirePartition(log);
        (long Seq, UInt128 Chain)? last = null;
        while ((last?.Seq ?? after) < end)
        {
            var piece = await PieceAsync(log, last?.Seq ?? after, end, cancellation).ConfigureAwait(false);
            // It was here when the bounds were read: it has been archived since, or is on its way to another database.
            if (piece.Count == 0 || (last is null && piece[0].FirstSeq != after + 1))
                throw new StoreUnavailableException($"The log of partition {log} is not where it was; ask again.");
            foreach (var batch in piece)
            {
                // What the first chains on to is covered by its own checksum.
                RequireNext(batch, last ?? (after, batch.PreviousChain));
                last = (batch.LastSeq, batch.Chain);
                yield return LogEntry.Of(batch);
            }
        }
    }

    private async Task<LogBounds[]> ReadBoundsAsync(NpgsqlConnection connection)
    {
        var bounds = new LogBounds[PartitionCount];
        Array.Fill(bounds, LogBounds.Away);
        await connection.QueryAsync(Bounds, static _ => { }, row => bounds[row.GetInt32(0)] = new LogBounds(row.GetInt64(1), row.GetInt64(2))).ConfigureAwait(false);
        // Nobody commits for the feed while nothing happens.
        if (_told is { } told && bounds.Zip(told).All(log => log.First.End <= log.Second.End))
            return bounds;
        await _settings.RequireAsync(connection).ConfigureAwait(false);
        await connection.QueryAsync(Barrier, static _ => { }, static _ => { }).ConfigureAwait(false);
        if (_settings.MustAskAgain)
            await _settings.RequireAsync(connection, CancellationToken.None).ConfigureAwait(false);
        _told = bounds;
        return bounds;
    }
}
