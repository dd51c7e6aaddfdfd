using System.Diagnostics;
using System.Globalization;
using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>What a move did.</summary>
/// <param name="IsMoved">False when the partition was there already.</param>
/// <param name="Orders">Copied as rows; those placed meanwhile came with the log.</param>
/// <param name="PausedMs">For how long the partition was in neither database, when it left the source in this run.</param>
public sealed record MoveReport(int Partition, string Source, string Target, bool IsMoved, long Orders, double? PausedMs);

/// <summary>
/// Moves one partition from one database to another while it is served: copy, catch up, fence, switch, remove. Can be killed at any
/// instruction and run again. The fence takes the partition's head out of the source and keeps it aside; the end puts it into the target.
/// In between the partition is nowhere, and never is it in two places. See docs/adr/0012.
/// </summary>
internal sealed class PartitionMover(ShardedStore store, MoveRecord move)
{
    // As much as a new owner replays in the blink of an eye.
    private const long ShortTail = 500;
    private const int MostRounds = 20;

    // Of the checkpoint's row first, as a claim does: a checkpoint that is under way ends before, a later one is refused.
    private const string Fence = """
        WITH mine AS (
            SELECT 1 FROM partition_transit WHERE partition = $1 AND attempt = $2 FOR UPDATE),
        fence AS (
            UPDATE checkpoint c SET epoch = c.epoch + 1 FROM mine WHERE c.partition = $1 RETURNING 1),
        gone AS (
            DELETE FROM partition_head h USING fence WHERE h.partition = $1 RETURNING h.epoch, h.seq, h.chain)
        UPDATE partition_transit t SET epoch = gone.epoch, seq = gone.seq, chain = gone.chain FROM gone WHERE t.partition = $1
        """;

    // Above the epoch that it left with: its last owner there is not an owner here.
    private const string Arrive = """
        WITH mine AS (
            SELECT 1 FROM partition_transit WHERE partition = $1 AND attempt = $2 FOR UPDATE),
        made AS (
            INSERT INTO partition_head (partition, epoch, owner, released, seq, chain) SELECT $1, $3, '', true, $4, $5 FROM mine
            ON CONFLICT DO NOTHING RETURNING 1)
        UPDATE checkpoint SET epoch = $3 FROM made WHERE partition = $1
        """;

    // What has been archived since is known by where the log begins, and what an empty log ends with by its head alone.
    private const string Has = """
        SELECT 1 FROM (SELECT last_seq, chain FROM journal WHERE partition = $1 AND first_seq <= $2 ORDER BY first_seq DESC LIMIT 1) j WHERE last_seq = $2 AND chain = $3
        UNION ALL SELECT 1 FROM journal_archived WHERE partition = $1 AND seq = $2 AND chain = $3
        UNION ALL SELECT 1 FROM partition_head WHERE partition = $1 AND seq = $2 AND chain = $3
        """;

    private const string FirstCheckpoint = "UPDATE checkpoint SET epoch = $2, seq = $3, chain = $4, state = $5 WHERE partition = $1";

    private readonly PartitionRows _rows = new(move);
    private MoveRecord _move = move;
    private long _orders;
    private double? _pausedMs;
    private Stopwatch? _pause;

    /// <summary>Called after each step with its name, so that a test can end it there.</summary>
    public Action<string> After { get; init; } = static _ => { };

    public Task<MoveReport> RunAsync(CancellationToken cancellation) => RunAsync(isOnlyToArrive: false, cancellation);

    /// <summary>Only until the partition can be claimed again, for whoever waits for it; what is left in the source is another run's.</summary>
    public Task<MoveReport> ArriveAsync(CancellationToken cancellation) => RunAsync(isOnlyToArrive: true, cancellation);

    private async Task<MoveReport> RunAsync(bool isOnlyToArrive, CancellationToken cancellation)
    {
        var (from, to) = (Database(_move.Source), Database(_move.Target));
        // Both must be there, and be what they should be, before anything is asked of them.
        await from.OpenAsync(cancellation).ConfigureAwait(false);
        var targetStore = await to.OpenAsync(cancellation).ConfigureAwait(false);
        await _move.EnterAsync(from.Moves).ConfigureAwait(false);
        await _move.EnterAsync(to.Moves).ConfigureAwait(false);
        await _move.RequireCurrentAsync(store.Home.Moves).ConfigureAwait(false);
        After("entered");
        var source = await from.Moves.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (source.ConfigureAwait(false))
        {
            var target = await to.Moves.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using (target.ConfigureAwait(false))
            {
                if (_move.Stage < MoveStage.Switched)
                    await BringAsync(source, target, targetStore, cancellation).ConfigureAwait(false);
                await ArriveAsync(source, target).ConfigureAwait(false);
                if (isOnlyToArrive)
                    return Report();
                await _rows.RemoveAsync(source, cancellation).ConfigureAwait(false);
                After("removed");
            }
        }

        // In the source it stays written with which epoch the partition left: its last owner may ask long after.
        await _move.LeaveAsync(to.Moves).ConfigureAwait(false);
        After("left");
        await _move.EndAsync(store.Home.Moves).ConfigureAwait(false);
        return Report();
    }

    private MoveReport Report() => new(_move.Partition, _move.Source, _move.Target, true, _orders, _pausedMs);

    private async Task BringAsync(NpgsqlConnection source, NpgsqlConnection target, PostgresStore targetStore, CancellationToken cancellation)
    {
        try
        {
            if (_move.Stage == MoveStage.Copying)
                await CopyAsync(source, target, cancellation).ConfigureAwait(false);
            else
                await _rows.WriteAsync(target, () => target.QueryAsync(
                    "UPDATE checkpoint SET epoch = $2 WHERE partition = $1", p => { p.Add(Sql.Of(_move.Partition)); p.Add(Sql.Of(CatchUp.EpochOf(_move))); }, static _ => { }))
                    .ConfigureAwait(false);
            var verified = await CatchUpAsync(source, target, targetStore, cancellation).ConfigureAwait(false);
            After("caught up");
            await RequireCopiedAsync(source, verified).ConfigureAwait(false);
            await FenceAsync(source, target, targetStore, verified).ConfigureAwait(false);
        }
        catch (JournalCorruptException)
        {
            // What was copied is not what the source has now: after a failover of the source that lost commits, say. The next run begins anew.
            await _move.ReachAsync(store.Home.Moves, MoveStage.Copying).ConfigureAwait(false);
            throw;
        }
    }

    // The rows are of one moment, so that they are a checkpoint; the log is copied from where it begins to beyond that moment.
    private async Task CopyAsync(NpgsqlConnection source, NpgsqlConnection target, CancellationToken cancellation)
    {
        await _rows.RemoveAsync(target, cancellation).ConfigureAwait(false);
        var snapshot = await source.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, cancellation).ConfigureAwait(false);
        await using (snapshot.ConfigureAwait(false))
        {
            // It holds nothing that anybody waits for, and may wait for the target as long as that takes.
            await source.QueryAsync("SET LOCAL idle_in_transaction_session_timeout = 0", static _ => { }, static _ => { }).ConfigureAwait(false);
            // Before the snapshot is taken: a month that is archived in between would be missing in both.
            await source.QueryAsync("LOCK TABLE ONLY orders IN ACCESS SHARE MODE", static _ => { }, static _ => { }).ConfigureAwait(false);
            await CopyArchivedAsync(source, target).ConfigureAwait(false);
            var (seq, chain, state) = (0L, UInt128.Zero, Array.Empty<byte>());
            await source.QueryAsync(
                "SELECT seq, chain, state FROM checkpoint WHERE partition = $1", p => p.Add(Sql.Of(_move.Partition)),
                reader => (seq, chain, state) = (reader.GetInt64(0), Sql.ReadChain(reader, 1), reader.GetFieldValue<byte[]>(2))).ConfigureAwait(false);
            foreach (var table in PartitionTable.Snapshot)
            {
                await _rows.CopyAsync(table, source, target, null, cancellation).ConfigureAwait(false);
                var (there, here) = (await _rows.DigestAsync(table, source).ConfigureAwait(false), await _rows.DigestAsync(table, target).ConfigureAwait(false));
                if (there != here)
                    throw new StoreUnavailableException($"Of partition {_move.Partition}, {there.Rows} rows of {table.Name} were to be copied, and {here.Rows} came, or others: nothing was moved.");
                if (table.Name == "orders")
                    _orders = here.Rows;
            }

            await _rows.WriteAsync(target, () => target.QueryAsync(
                FirstCheckpoint,
                p =>
                {
                    p.Add(Sql.Of(_move.Partition));
                    p.Add(Sql.Of(CatchUp.EpochOf(_move)));
                    p.Add(Sql.Of(seq));
                    p.Add(Sql.Of(Sql.ChainBytes(chain)));
                    p.Add(Sql.Of(state));
                },
                static _ => { })).ConfigureAwait(false);
        }

        After("rows copied");
        await _rows.CopyAsync(PartitionTable.Journal, source, target, null, cancellation).ConfigureAwait(false);
        After("log copied");
        _move = await _move.ReachAsync(store.Home.Moves, MoveStage.Copied).ConfigureAwait(false);
        After("copied");
    }

    // Files are of a database and not of a partition: the target learns of all, and finds in them what it has no row of.
    private static async Task CopyArchivedAsync(NpgsqlConnection source, NpgsqlConnection target)
    {
        var months = new List<(string Folder, Guid Low, Guid High, long Orders)>();
        await source.QueryAsync(
            "SELECT folder, low, high, orders FROM order_archive", static _ => { },
            reader => months.Add((reader.GetString(0), reader.GetGuid(1), reader.GetGuid(2), reader.GetInt64(3)))).ConfigureAwait(false);
        await target.QueryAsync(
            """
            INSERT INTO order_archive (folder, low, high, orders) SELECT * FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::bigint[])
            ON CONFLICT (folder) DO NOTHING
            """,
            p =>
            {
                p.Add(Sql.Of(months.Select(month => month.Folder).ToArray()));
                p.Add(Sql.Of(months.Select(month => month.Low).ToArray()));
                p.Add(Sql.Of(months.Select(month => month.High).ToArray()));
                p.Add(Sql.Of(months.Select(month => month.Orders).ToArray()));
            },
            static _ => { }).ConfigureAwait(false);
    }

    /// <returns>Up to where the target's log has been read again, and found whole.</returns>
    private async Task<(long Seq, UInt128 Chain)> CatchUpAsync(NpgsqlConnection source, NpgsqlConnection target, PostgresStore targetStore, CancellationToken cancellation)
    {
        var catchUp = new CatchUp(targetStore, _move);
        var verified = await StartOfLogAsync(target).ConfigureAwait(false);
        for (var round = 0; round < MostRounds; round++)
        {
            await CopyTailAsync(source, target).ConfigureAwait(false);
            var end = await EndOfLogAsync(target).ConfigureAwait(false);
            await VerifyAsync(targetStore, verified.Seq, end, cancellation).ConfigureAwait(false);
            await catchUp.RunAsync(end, cancellation).ConfigureAwait(false);
            var gained = end.Seq - verified.Seq;
            verified = end;
            // The first round is never the last: it took as long as the whole log is.
            if (round > 0 && gained <= ShortTail)
                break;
        }

        return verified;
    }

    // While it is still served: a source that failed over and lost its end goes on with what it has. Behind the fence the partition would be nowhere.
    private async Task RequireCopiedAsync(NpgsqlConnection source, (long Seq, UInt128 Chain) verified)
    {
        if (verified.Seq == 0)
            return;
        var found = await source.QueryAsync(
            Has,
            p =>
            {
                p.Add(Sql.Of(_move.Partition));
                p.Add(Sql.Of(verified.Seq));
                p.Add(Sql.Of(Sql.ChainBytes(verified.Chain)));
            },
            static _ => { }).ConfigureAwait(false);
        if (found == 0)
            throw new JournalCorruptException(_move.Partition, verified.Seq, $"{_move.Source} does not have any more what was copied from it up to there");
    }

    private async Task FenceAsync(NpgsqlConnection source, NpgsqlConnection target, PostgresStore targetStore, (long Seq, UInt128 Chain) verified)
    {
        _pause = Stopwatch.StartNew();
        // From here on the partition is in neither database; also if an earlier run has fenced it.
        await source.QueryAsync(Fence, Own, static _ => { }).ConfigureAwait(false);
        var departed = await DepartedAsync(source).ConfigureAwait(false) ?? throw _move.TakenOver();
        After("fenced");
        await CopyTailAsync(source, target).ConfigureAwait(false);
        var end = await EndOfLogAsync(target).ConfigureAwait(false);
        if (end != (departed.Seq, departed.Chain))
            throw new JournalCorruptException(_move.Partition, end.Seq, $"the copied log ends at {end.Seq}, the head at {departed.Seq}");
        await VerifyAsync(targetStore, verified.Seq, end, CancellationToken.None).ConfigureAwait(false);
        After("tail copied");
        _move = await _move.ReachAsync(store.Home.Moves, MoveStage.Switched).ConfigureAwait(false);
        After("switched");
    }

    private async Task ArriveAsync(NpgsqlConnection source, NpgsqlConnection target)
    {
        // An earlier run may have got here, and the owner has gone on since.
        if (await DepartedAsync(source).ConfigureAwait(false) is { } departed)
        {
            await target.QueryAsync(
                Arrive,
                p =>
                {
                    Own(p);
                    p.Add(Sql.Of(departed.Epoch + 1));
                    p.Add(Sql.Of(departed.Seq));
                    p.Add(Sql.Of(Sql.ChainBytes(departed.Chain)));
                },
                static _ => { }).ConfigureAwait(false);
        }

        if (await target.QueryAsync("SELECT 1 FROM partition_head WHERE partition = $1", p => p.Add(Sql.Of(_move.Partition)), static _ => { }).ConfigureAwait(false) == 0)
            throw _move.TakenOver();
        _pausedMs = _pause?.Elapsed.TotalMilliseconds;
        After("arrived");
    }

    private static async Task VerifyAsync(PostgresStore target, int partition, long afterSeq, (long Seq, UInt128 Chain) end, CancellationToken cancellation)
    {
        await foreach (var _ in target.ReadAsync(partition, afterSeq, end, cancellation).ConfigureAwait(false))
        {
            // Read again from the target: each batch is checked against its checksum and its chain.
        }
    }

    private Task VerifyAsync(PostgresStore target, long afterSeq, (long Seq, UInt128 Chain) end, CancellationToken cancellation) =>
        VerifyAsync(target, _move.Partition, afterSeq, end, cancellation);

    private async Task CopyTailAsync(NpgsqlConnection source, NpgsqlConnection target)
    {
        string? last = null;
        await target.QueryAsync(
            "SELECT max(first_seq) FROM journal WHERE partition = $1", p => p.Add(Sql.Of(_move.Partition)),
            reader => last = reader.IsDBNull(0) ? null : reader.GetInt64(0).ToString(CultureInfo.InvariantCulture)).ConfigureAwait(false);
        await _rows.CopyAsync(PartitionTable.Journal, source, target, last, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<(long Seq, UInt128 Chain)> StartOfLogAsync(NpgsqlConnection target)
    {
        (long, UInt128) start = default;
        await target.QueryAsync(
            "SELECT seq, chain FROM journal_archived WHERE partition = $1", p => p.Add(Sql.Of(_move.Partition)),
            reader => start = (reader.GetInt64(0), Sql.ReadChain(reader, 1))).ConfigureAwait(false);
        return start;
    }

    private async Task<(long Seq, UInt128 Chain)> EndOfLogAsync(NpgsqlConnection target)
    {
        var end = await StartOfLogAsync(target).ConfigureAwait(false);
        await target.QueryAsync(
            "SELECT last_seq, chain FROM journal WHERE partition = $1 ORDER BY first_seq DESC LIMIT 1", p => p.Add(Sql.Of(_move.Partition)),
            reader => end = (reader.GetInt64(0), Sql.ReadChain(reader, 1))).ConfigureAwait(false);
        return end;
    }

    private async Task<(long Epoch, long Seq, UInt128 Chain)?> DepartedAsync(NpgsqlConnection source)
    {
        (long, long, UInt128)? departed = null;
        await source.QueryAsync(
            "SELECT epoch, seq, chain FROM partition_transit WHERE partition = $1 AND attempt = $2 AND epoch IS NOT NULL", Own,
            reader => departed = (reader.GetInt64(0), reader.GetInt64(1), Sql.ReadChain(reader, 2))).ConfigureAwait(false);
        return departed;
    }

    private void Own(NpgsqlParameterCollection p)
    {
        p.Add(Sql.Of(_move.Partition));
        p.Add(Sql.Of(_move.Attempt));
    }

    private ShardDatabase Database(string name) => store.Databases.FirstOrDefault(shard => shard.Name == name)
        ?? throw new StoreRefusedException($"The connection string of shard '{name}' was not given: --shard {name}=\"Host=...\".");
}
