using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>How far a move is. What a later stage needs, the earlier ones have made durable.</summary>
public enum MoveStage
{
    /// <summary>The target holds nothing that counts.</summary>
    Copying = 1,

    /// <summary>The target holds a verified checkpoint and the log up to some time; it may have left the source already.</summary>
    Copied = 2,

    /// <summary>The map names the target.</summary>
    Switched = 3,
}

/// <summary>
/// One attempt at a move, as home has it. A later attempt takes the move over, at home and in both databases: whatever an earlier one still sends, from
/// however long ago, changes nothing.
/// </summary>
internal sealed record MoveRecord(int Partition, string Source, string Target, MoveStage Stage, long Attempt)
{
    private const string Begin = """
        INSERT INTO partition_move (partition, source, target, stage, attempt)
        SELECT $1, coalesce((SELECT shard FROM partition_place WHERE partition = $1), 'home'), $2, 'copying', nextval('move_attempt')
        ON CONFLICT (partition) DO UPDATE SET attempt = nextval('move_attempt')
        RETURNING source, target, stage, attempt
        """;

    private const string Switch = """
        WITH moved AS (
            UPDATE partition_move SET stage = 'switched' WHERE partition = $1 AND attempt = $2 RETURNING target),
        placed AS (
            INSERT INTO partition_place (partition, shard) SELECT $1, target FROM moved
            ON CONFLICT (partition) DO UPDATE SET shard = excluded.shard RETURNING 1)
        UPDATE shard_map SET version = version + 1 FROM placed
        """;

    /// <summary>Begins a move, or takes over the one that is under way.</summary>
    /// <returns>Null when the partition is there already.</returns>
    /// <exception cref="StoreRefusedException">It is on its way elsewhere.</exception>
    public static async Task<MoveRecord?> BeginAsync(NpgsqlDataSource home, int partition, string target, CancellationToken cancellation)
    {
        MoveRecord? move = null;
        while (move is null)
        {
            await home.QueryAsync(
                Begin, p => { p.Add(Sql.Of(partition)); p.Add(Sql.Of(target)); },
                reader => move = new MoveRecord(partition, reader.GetString(0), reader.GetString(1), Stages.Parse(reader.GetString(2)), reader.GetInt64(3)),
                cancellation).ConfigureAwait(false);
            if (move!.Source != move.Target)
                break;
            await move.EndAsync(home).ConfigureAwait(false);
            if (move.Target == target)
                return null;
            // Of a run that found nothing to move either, to another place, and was killed before it had taken its row away.
            move = null;
        }

        return move.Target == target ? move : throw new StoreRefusedException(
            $"Partition {partition} is on its way from {move.Source} to {move.Target}: let that end first, with 'millrace shards move --partition {partition} --to {move.Target}'.");
    }

    /// <summary>Takes over a move that has left its source and is not in its target; null when there is none.</summary>
    public static async Task<MoveRecord?> TakeOverAsync(NpgsqlDataSource home, int partition, CancellationToken cancellation)
    {
        MoveRecord? move = null;
        await home.QueryAsync(
            "UPDATE partition_move SET attempt = nextval('move_attempt') WHERE partition = $1 AND stage IN ('copied', 'switched') RETURNING source, target, stage, attempt",
            p => p.Add(Sql.Of(partition)),
            reader => move = new MoveRecord(partition, reader.GetString(0), reader.GetString(1), Stages.Parse(reader.GetString(2)), reader.GetInt64(3)),
            cancellation).ConfigureAwait(false);
        return move;
    }

    public async Task<MoveRecord> ReachAsync(NpgsqlDataSource home, MoveStage stage)
    {
        await OwnAsync(home, stage == MoveStage.Switched ? Switch : $"UPDATE partition_move SET stage = '{Stages.Name(stage)}' WHERE partition = $1 AND attempt = $2").ConfigureAwait(false);
        return this with { Stage = stage };
    }

    public Task EndAsync(NpgsqlDataSource home) => OwnAsync(home, "DELETE FROM partition_move WHERE partition = $1 AND attempt = $2");

    /// <summary>Makes this attempt the one that may write in a database of the move.</summary>
    public Task EnterAsync(NpgsqlDataSource database) => OwnAsync(
        database,
        "INSERT INTO partition_transit AS t (partition, attempt) VALUES ($1, $2) ON CONFLICT (partition) DO UPDATE SET attempt = $2 WHERE t.attempt < $2");

    /// <summary>Once it has entered everywhere: whoever took the move over before that may have ended it since, and left no trace in the databases.</summary>
    public Task RequireCurrentAsync(NpgsqlDataSource home) =>
        OwnAsync(home, "UPDATE partition_move SET attempt = attempt WHERE partition = $1 AND attempt = $2");

    public Task LeaveAsync(NpgsqlDataSource database) => OwnAsync(database, "DELETE FROM partition_transit WHERE partition = $1 AND attempt = $2");

    public StoreUnavailableException TakenOver() => new($"Somebody else has taken over the move of partition {Partition}.");

    private async Task OwnAsync(NpgsqlDataSource database, string sql)
    {
        var rows = await database.QueryAsync(
            sql, p => { p.Add(Sql.Of(Partition)); p.Add(Sql.Of(Attempt)); }, static _ => { }, CancellationToken.None).ConfigureAwait(false);
        if (rows == 0)
            throw TakenOver();
    }
}

internal static class Stages
{
    public static string Name(MoveStage stage) => stage switch
    {
        MoveStage.Copying => "copying",
        MoveStage.Copied => "copied",
        MoveStage.Switched => "switched",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static MoveStage Parse(string name) => Enum.GetValues<MoveStage>().First(stage => Name(stage) == name);
}
