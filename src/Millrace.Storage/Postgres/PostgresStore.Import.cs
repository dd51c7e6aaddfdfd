using Millrace.Engine.Journal;
using Npgsql;
using NpgsqlTypes;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres;

public sealed partial class PostgresStore
{
    private const string CopyJournal = "COPY journal (partition, first_seq, last_seq, epoch, previous, chain, payload) FROM STDIN (FORMAT BINARY)";

    /// <summary>Takes over a partition's whole log from another store, in one transaction; its owners go on with the next epoch.</summary>
    /// <param name="partition">Untouched so far, or taken over before.</param>
    /// <param name="claim">As the other store gave it: nobody writes there any more.</param>
    /// <param name="batches">From the first, in order.</param>
    /// <returns>False when it was taken over before.</returns>
    /// <exception cref="StoreRefusedException">The partition has a log of its own, or the batches do not chain to the claim's end.</exception>
    public async Task<bool> ImportAsync(int partition, JournalClaim claim, IAsyncEnumerable<PartitionBatch> batches, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(batches);
        RequirePartition(partition);
        RequireOpen();
        try
        {
            var connection = await _control.Source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                var transaction = await connection.BeginTransactionAsync(cancellation).ConfigureAwait(false);
                await using (transaction.ConfigureAwait(false))
                {
                    if (await HasLogAsync(connection, partition, claim, cancellation).ConfigureAwait(false))
                        return false;
                    var end = await CopyAsync(connection, partition, batches, cancellation).ConfigureAwait(false);
                    if (end != (claim.Seq, claim.Chain))
                        throw new StoreRefusedException($"The log of partition {partition} ends at {end.Seq}, not at {claim.Seq} as its store says: verify it first.");
                    await SetHeadAsync(connection, partition, claim, cancellation).ConfigureAwait(false);
                    await transaction.CommitAsync(CancellationToken.None).ConfigureAwait(false);
                    return true;
                }
            }
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    private static async Task<bool> HasLogAsync(NpgsqlConnection connection, int partition, JournalClaim claim, CancellationToken cancellation)
    {
        using var command = new NpgsqlCommand("SELECT epoch, seq, chain FROM partition_head WHERE partition = $1 FOR UPDATE", connection);
        command.Parameters.Add(Of(partition));
        var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            if (!await reader.ReadAsync(cancellation).ConfigureAwait(false))
                throw new StoreRefusedException($"Partition {partition} has been moved to another database: migrate into an empty store.");
            var (epoch, seq) = (reader.GetInt64(0), reader.GetInt64(1));
            if (seq == 0 && epoch == 0)
                return false;
            return (seq, ReadChain(reader, 2)) == (claim.Seq, claim.Chain)
                ? true
                : throw new StoreRefusedException($"Partition {partition} of the database has a log of its own: migrate into an empty one.");
        }
    }

    private static async Task<(long Seq, UInt128 Chain)> CopyAsync(
        NpgsqlConnection connection, int partition, IAsyncEnumerable<PartitionBatch> batches, CancellationToken cancellation)
    {
        var (seq, chain) = (0L, UInt128.Zero);
        var copy = await connection.BeginBinaryImportAsync(CopyJournal, cancellation).ConfigureAwait(false);
        await using (copy.ConfigureAwait(false))
        {
            await foreach (var batch in batches.WithCancellation(cancellation).ConfigureAwait(false))
            {
                await copy.StartRowAsync(cancellation).ConfigureAwait(false);
                await copy.WriteAsync(partition, cancellation).ConfigureAwait(false);
                await copy.WriteAsync(batch.FirstSeq, cancellation).ConfigureAwait(false);
                await copy.WriteAsync(batch.LastSeq, cancellation).ConfigureAwait(false);
                await copy.WriteAsync(batch.Epoch, cancellation).ConfigureAwait(false);
                await copy.WriteAsync(ChainBytes(batch.PreviousChain), cancellation).ConfigureAwait(false);
                await copy.WriteAsync(ChainBytes(batch.Chain), cancellation).ConfigureAwait(false);
                await copy.WriteAsync(batch.Payload, NpgsqlDbType.Bytea, cancellation).ConfigureAwait(false);
                (seq, chain) = (batch.LastSeq, batch.Chain);
            }

            await copy.CompleteAsync(cancellation).ConfigureAwait(false);
        }

        return (seq, chain);
    }

    private static async Task SetHeadAsync(NpgsqlConnection connection, int partition, JournalClaim claim, CancellationToken cancellation)
    {
        using var command = new NpgsqlCommand(
            """
            WITH fence AS (UPDATE checkpoint SET epoch = $2 WHERE partition = $1)
            UPDATE partition_head SET epoch = $2, seq = $3, chain = $4, owner = 'migration', released = true WHERE partition = $1
            """,
            connection);
        command.Parameters.Add(Of(partition));
        command.Parameters.Add(Of(claim.Epoch));
        command.Parameters.Add(Of(claim.Seq));
        command.Parameters.Add(Of(ChainBytes(claim.Chain)));
        await command.ExecuteNonQueryAsync(cancellation).ConfigureAwait(false);
    }
}
