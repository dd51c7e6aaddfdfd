using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>One database, as it is.</summary>
/// <param name="Name">Of the shard.</param>
/// <param name="Partitions">That the map has there.</param>
/// <param name="Bytes">Of the whole database on its disk; null when it cannot be reached.</param>
public sealed record ShardShown(string Name, IReadOnlyList<int> Partitions, long? Bytes);

/// <summary>A move that has not ended.</summary>
public sealed record MoveShown(int Partition, string Source, string Target, string Stage, DateTimeOffset BeganAt);

public sealed partial class ShardedStore
{
    /// <summary>Moves a partition, or goes on with a move of it that was interrupted. Nodes may serve meanwhile.</summary>
    /// <exception cref="StoreRefusedException">It is on its way elsewhere, or a database was not given.</exception>
    /// <exception cref="StoreUnavailableException">A database cannot be reached; run it again.</exception>
    /// <param name="partition">Anyone of the store.</param>
    /// <param name="target">A shard's name.</param>
    /// <param name="after">Told each step that is done. What it throws ends the move there.</param>
    /// <param name="cancellation">Ends it before the fence or after the end of the pause, not between.</param>
    public async Task<MoveReport> MoveAsync(int partition, string target, Action<string> after, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(after);
        RequirePartition(partition);
        if (IndexOf(target) < 0)
            throw new StoreRefusedException($"There is no shard '{target}'; given are {string.Join(", ", _shards.Select(shard => shard.Name))}.");
        try
        {
            if (await MoveRecord.BeginAsync(Home.Moves, partition, target, cancellation).ConfigureAwait(false) is not { } move)
                return new MoveReport(partition, target, target, false, 0, null);
            after("begun");
            return await new PartitionMover(this, move) { After = after }.RunAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    private async Task ArriveAsync(MoveRecord move, CancellationToken cancellation)
    {
        try
        {
            await new PartitionMover(this, move).ArriveAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) || fault is StoreRefusedException)
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    /// <summary>All databases, and the moves under way.</summary>
    public async Task<(IReadOnlyList<ShardShown> Shards, IReadOnlyList<MoveShown> Moves)> ShowAsync(CancellationToken cancellation)
    {
        var places = await ReadPlacesAsync(cancellation).ConfigureAwait(false);
        var shards = await Task.WhenAll(_shards.Select(async shard => new ShardShown(
            shard.Name, [.. Enumerable.Range(0, PartitionCount).Where(partition => places.Shards[partition] == shard.Name)],
            await SizeAsync(shard, cancellation).ConfigureAwait(false)))).ConfigureAwait(false);
        var moves = new List<MoveShown>();
        await Home.Moves.QueryAsync(
            "SELECT partition, source, target, stage, began_at FROM partition_move ORDER BY partition", static _ => { },
            reader => moves.Add(new MoveShown(reader.GetInt32(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<DateTimeOffset>(4))),
            cancellation).ConfigureAwait(false);
        return (shards, moves);
    }

    /// <summary>Partitions that are in a database that the map does not name, in several, or in none though no move is under way: one line each.</summary>
    public async Task<IReadOnlyList<string>> FindMisplacedAsync(CancellationToken cancellation)
    {
        var (shards, moves) = await ShowAsync(cancellation).ConfigureAwait(false);
        var found = Enumerable.Range(0, PartitionCount).Select(_ => new List<string>()).ToArray();
        foreach (var shard in _shards)
        {
            await OpenAsync(IndexOf(shard.Name), cancellation).ConfigureAwait(false);
            await shard.Moves.QueryAsync("SELECT partition FROM partition_head", static _ => { }, reader => found[reader.GetInt32(0)].Add(shard.Name), cancellation).ConfigureAwait(false);
        }

        return [.. shards.SelectMany(shard => shard.Partitions.Select(partition => (shard.Name, partition)))
            .Where(place => !(found[place.partition] is [var only] && only == place.Name) && !(found[place.partition].Count == 0 && moves.Any(move => move.Partition == place.partition)))
            .Select(place => $"partition {place.partition} should be in {place.Name} and is in {(found[place.partition] is [] ? "no database" : string.Join(" and ", found[place.partition]))}")];
    }

    private static async Task<long?> SizeAsync(ShardDatabase shard, CancellationToken cancellation)
    {
        long? bytes = null;
        try
        {
            await shard.Moves.QueryAsync("SELECT pg_database_size(current_database())", static _ => { }, reader => bytes = reader.GetInt64(0), cancellation).ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            // Shown as one that cannot be reached.
        }

        return bytes;
    }
}
