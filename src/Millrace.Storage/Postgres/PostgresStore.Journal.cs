using Millrace.Engine.Journal;
using Npgsql;
using NpgsqlTypes;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres;

public sealed partial class PostgresStore
{
    // The checkpoint's row first: one that is under way (one statement, whose data is all there before it begins) ends before the claim goes on.
    // What holds the rows for longer is a connection whose node stands still; it is ended by the next attempt (EndBlockersAsync).
    private const string Claim = """
        WITH fence AS (
            UPDATE checkpoint SET epoch = epoch + 1
            WHERE partition = $1 AND EXISTS (SELECT 1 FROM partition_head WHERE partition = $1) RETURNING epoch)
        UPDATE partition_head h SET epoch = h.epoch + 1, owner = $2, released = false
        FROM fence, store WHERE h.partition = $1
        RETURNING h.epoch, h.seq, h.chain, store.payload_format
        """;

    private const string Append = """
        WITH batch AS (
            SELECT * FROM unnest($1::int[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[], $7::bytea[])
                AS b(partition, epoch, first_seq, last_seq, previous, chain, payload)),
        moved AS (
            UPDATE partition_head h SET seq = b.last_seq, chain = b.chain FROM batch b
            WHERE h.partition = b.partition AND h.epoch = b.epoch AND h.seq = b.first_seq - 1 AND h.chain = b.previous
            RETURNING h.partition)
        INSERT INTO journal (partition, first_seq, last_seq, epoch, previous, chain, payload)
        SELECT partition, first_seq, last_seq, epoch, previous, chain, payload FROM batch JOIN moved USING (partition)
        RETURNING partition
        """;

    private const string Release = "UPDATE partition_head SET released = true WHERE partition = $1 AND epoch = $2";

    private const string Confirm = """
        SELECT h.epoch IS NOT DISTINCT FROM asked.epoch FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS asked(partition, epoch, place)
        LEFT JOIN partition_head h USING (partition) ORDER BY asked.place
        """;

    private const string Departed = "SELECT 1 FROM partition_transit WHERE partition = $1 AND epoch = $2";

    // Only such as hold what a claim waits for: a session that waits itself, or works, ends by itself.
    private const string EndBlockers = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name IN ('millrace commit', 'millrace checkpoint') AND datname = current_database()
            AND pid <> pg_backend_pid() AND state <> 'idle' AND wait_event = 'ClientRead' AND now() - state_change > interval '1 second'
        """;

    public async ValueTask<JournalClaim> ClaimAsync(int partition, string owner, CancellationToken cancellation) =>
        await TryClaimAsync(partition, owner, cancellation).ConfigureAwait(false)
        ?? throw new StoreUnavailableException($"Partition {partition} is not in this database.");

    /// <summary>As a claim; null when the partition is not in this database.</summary>
    internal async ValueTask<JournalClaim?> TryClaimAsync(int partition, string owner, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(owner);
        RequirePartition(partition);
        RequireOpen();
        try
        {
            return await _control.RunAsync(async source =>
            {
                var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                    return await ClaimAsync(connection, partition, owner).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) || fault is StoreRefusedException)
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    public async ValueTask<AppendOutcome[]> AppendAsync(IReadOnlyList<PartitionBatch> group)
    {
        ArgumentNullException.ThrowIfNull(group);
        foreach (var batch in group)
        {
            if (batch.LastSeq < batch.FirstSeq || !batch.IsIntact())
                throw new ArgumentException($"Batch {batch.BatchId} does not carry the chain of its content.", nameof(group));
            RequirePartition(batch.Partition);
        }

        RequireOpen();
        var outcomes = new AppendOutcome[group.Count];
        Array.Fill(outcomes, AppendOutcome.Fenced);
        // A statement moves a head once: a second batch of a partition goes with the next statement.
        var left = Enumerable.Range(0, group.Count).Where(i => !_mustClaim[group[i].Partition]).ToList();
        for (var isFirst = true; left.Count > 0; isFirst = false)
        {
            var sent = left.DistinctBy(i => group[i].Partition).OrderBy(i => group[i].Partition).ToList();
            left = [.. left.Except(sent)];
            try
            {
                await AppendAsync(group, sent, outcomes).ConfigureAwait(false);
            }
            catch (Exception fault) when (fault is AmbiguousCommitException || (fault is StoreUnavailableException && !isFirst))
            {
                foreach (var batch in group)
                    _mustClaim[batch.Partition] = true;
                throw fault as AmbiguousCommitException ?? new AmbiguousCommitException("A part of the group is durable.", fault);
            }
        }

        return outcomes;
    }

    public async ValueTask ReleaseAsync(int partition, long epoch, CancellationToken cancellation)
    {
        RequirePartition(partition);
        await RunAsync(
            _control, Release,
            p => { p.Add(Of(partition)); p.Add(Of(epoch)); },
            static _ => Task.FromResult(true), cancellation).ConfigureAwait(false);
    }

    public async ValueTask<bool[]> ConfirmAsync(IReadOnlyList<(int Partition, long Epoch)> claims, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return await RunAsync(
            _control, Confirm,
            p =>
            {
                p.Add(Of<int[]>([.. claims.Select(c => c.Partition)]));
                p.Add(Of<long[]>([.. claims.Select(c => c.Epoch)]));
            },
            async reader =>
            {
                var current = new bool[claims.Count];
                for (var i = 0; await reader.ReadAsync(cancellation).ConfigureAwait(false); i++)
                    current[i] = reader.GetBoolean(0);
                return current;
            },
            cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether the partition has left this database, and this epoch was its last here.</summary>
    internal async ValueTask<bool> HasDepartedAsync(int partition, long epoch, CancellationToken cancellation) => await RunAsync(
        _control, Departed, p => { p.Add(Of(partition)); p.Add(Of(epoch)); }, reader => reader.ReadAsync(cancellation), cancellation).ConfigureAwait(false);

    // Not to be cancelled once it is sent: whether it was made would not be known.
    private async Task<JournalClaim?> ClaimAsync(NpgsqlConnection connection, int partition, string owner)
    {
        await _settings.RequireAsync(connection).ConfigureAwait(false);
        var wasWarned = false;
        connection.Notice += (_, notice) => wasWarned |= notice.Notice.InvariantSeverity == "WARNING";
        try
        {
            using var command = new NpgsqlCommand(Claim, connection);
            command.Parameters.Add(Of(partition));
            command.Parameters.Add(Of(owner));
            var reader = await command.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                if (!await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false))
                    return null;
                var claim = new JournalClaim(reader.GetInt64(0), reader.GetInt64(1), ReadChain(reader, 2), reader.GetInt32(3));
                while (await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false))
                {
                }

                if (wasWarned)
                    throw new StoreUnavailableException("PostgreSQL stopped waiting for its standby: the claim may not be replicated.");
                await reader.CloseAsync().ConfigureAwait(false);
                if (_settings.MustAskAgain)
                    await _settings.RequireAsync(connection, CancellationToken.None).ConfigureAwait(false);
                _mustClaim[partition] = false;
                return claim;
            }
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            using var end = new NpgsqlCommand(EndBlockers, connection);
            await end.ExecuteNonQueryAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task AppendAsync(IReadOnlyList<PartitionBatch> group, List<int> sent, AppendOutcome[] outcomes)
    {
        using var command = new NpgsqlCommand(Append);
        command.Parameters.AddRange(Columns(group, sent));
        Fault.Before();
        var appended = await _writer.RunAsync(command, ReadPartitionsAsync).ConfigureAwait(false);
        Fault.After();
        foreach (var i in sent)
        {
            if (appended.Contains(group[i].Partition))
                outcomes[i] = AppendOutcome.Appended;
        }
    }

    private static NpgsqlParameter[] Columns(IReadOnlyList<PartitionBatch> group, List<int> sent)
    {
        var (partitions, epochs, firsts, lasts) = (new int[sent.Count], new long[sent.Count], new long[sent.Count], new long[sent.Count]);
        var (previous, chains, payloads) = (new byte[sent.Count][], new byte[sent.Count][], new ReadOnlyMemory<byte>[sent.Count]);
        for (var i = 0; i < sent.Count; i++)
        {
            var batch = group[sent[i]];
            (partitions[i], epochs[i], firsts[i], lasts[i]) = (batch.Partition, batch.Epoch, batch.FirstSeq, batch.LastSeq);
            (previous[i], chains[i], payloads[i]) = (ChainBytes(batch.PreviousChain), ChainBytes(batch.Chain), batch.Payload);
        }

        return [Of(partitions), Of(epochs), Of(firsts), Of(lasts), Of(previous), Of(chains),
            new NpgsqlParameter<ReadOnlyMemory<byte>[]> { TypedValue = payloads, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea }];
    }

    private static async Task<HashSet<int>> ReadPartitionsAsync(NpgsqlDataReader reader)
    {
        var partitions = new HashSet<int>();
        while (await reader.ReadAsync(CancellationToken.None).ConfigureAwait(false))
            partitions.Add(reader.GetInt32(0));
        return partitions;
    }
}
