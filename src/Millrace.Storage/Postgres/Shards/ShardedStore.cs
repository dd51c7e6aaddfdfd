using System.Text.RegularExpressions;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>
/// Journal and read model of a cluster in one or several PostgreSQL databases. Thread-safe; any number of nodes may have it open, and partitions may be
/// moved from one database to another meanwhile. See docs/adr/0012.
/// </summary>
public sealed partial class ShardedStore : IJournal, IReadModel, IStockPages, IAsyncDisposable
{
    private readonly ShardDatabase[] _shards;
    private readonly ShardMap _map;
    // Which database each partition was claimed in last, or where it was when the store was opened: what its owner's calls go to.
    private readonly int[] _claimed;
    private volatile PlacesRead _places;

    private ShardedStore(ShardDatabase[] shards, ShardMap map, PlacesRead places)
    {
        (_shards, _map, _places) = (shards, map, places);
        _claimed = [.. places.Shards.Select(IndexOf)];
    }

    public int PartitionCount => _claimed.Length;

    public bool IsShared => true;

    public int WriterCount => _shards.Length;

    /// <summary>Shards that could not be reached when the store was opened; each is opened as soon as it is needed and can be.</summary>
    public IReadOnlyList<string> Unreached => [.. _shards.Where(shard => shard.Opened is null).Select(shard => shard.Name)];

    internal ShardDatabase Home => _shards[0];

    internal IReadOnlyList<ShardDatabase> Databases => _shards;

    internal ShardMap Map => _map;

    /// <summary>Opens the home database, or makes the store in it, and the others: an empty one becomes a shard.</summary>
    /// <exception cref="StoreRefusedException">A database is not what it should be, or one that holds partitions was not given; one line says why.</exception>
    /// <exception cref="StoreUnavailableException">The home database cannot be reached.</exception>
    public static async Task<ShardedStore> OpenAsync(ShardedStoreOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Shards.Keys.FirstOrDefault(name => !ShardName().IsMatch(name) || name == StoreIdentity.Home) is { } wrong)
            throw new StoreRefusedException($"'{wrong}' is no name for a shard: take 1 to 40 of a-z, 0-9 and _, and not '{StoreIdentity.Home}', which is the database of --postgres.");
        var home = await PostgresStore.OpenAsync(options.Home).ConfigureAwait(false);
        var opened = new List<ShardDatabase>();
        try
        {
            // The map's home is asked through the pool that moves have: few and short questions.
            var database = new ShardDatabase(options.Home, home.Identity, null!, home);
            opened.Add(database);
            var map = new ShardMap(database.Moves, home.PartitionCount);
            var places = await map.ReadAsync(cancellation).ConfigureAwait(false);
            RequireGiven(places, options.Shards);
            await map.RegisterAsync(StoreIdentity.Home, home.Identity.DatabaseId, cancellation).ConfigureAwait(false);
            foreach (var (name, connectionString) in options.Shards.OrderBy(shard => shard.Key, StringComparer.Ordinal))
            {
                var shard = new ShardDatabase(
                    options.Home with { ConnectionString = connectionString, PartitionCount = null, MayMake = options.MayMakeShards }, home.Identity with { Shard = name }, map);
                opened.Add(shard);
                await TryOpenAsync(shard, cancellation).ConfigureAwait(false);
            }

            var store = new ShardedStore([.. opened], map, places);
            await store.RequirePlacedAsync(cancellation).ConfigureAwait(false);
            return store;
        }
        catch
        {
            foreach (var shard in opened)
                await shard.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>As <see cref="PostgresStore.PrepareTimePartitionsAsync"/>, in every database that is open.</summary>
    /// <exception cref="StoreUnavailableException">One of them is away; it is done in all others.</exception>
    public async Task PrepareTimePartitionsAsync(CancellationToken cancellation)
    {
        var away = new List<StoreUnavailableException>();
        foreach (var store in _shards.Select(shard => shard.Opened).OfType<PostgresStore>())
        {
            try
            {
                await store.PrepareTimePartitionsAsync(cancellation).ConfigureAwait(false);
            }
            catch (StoreUnavailableException failure)
            {
                away.Add(failure);
            }
        }

        if (away is [var first, ..])
            throw new StoreUnavailableException(first.Message, first);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var shard in _shards)
            await shard.DisposeAsync().ConfigureAwait(false);
    }

    private static async Task TryOpenAsync(ShardDatabase shard, CancellationToken cancellation)
    {
        try
        {
            await shard.OpenAsync(cancellation).ConfigureAwait(false);
        }
        catch (StoreUnavailableException)
        {
            // Told by Unreached; its partitions wait for it, and the others do not.
        }
    }

    private static void RequireGiven(PlacesRead places, IReadOnlyDictionary<string, string> given)
    {
        var missing = places.Shards.Select((shard, partition) => (shard, partition))
            .FirstOrDefault(place => place.shard != StoreIdentity.Home && !given.ContainsKey(place.shard));
        if (missing.shard is { } shard)
            throw new StoreRefusedException(NotGiven(missing.partition, shard));
    }

    private static string NotGiven(int partition, string shard) =>
        $"Partition {partition} is in shard '{shard}', whose connection string was not given: --shard {shard}=\"Host=...\" or MILLRACE_SHARD_{shard.ToUpperInvariant()}.";

    // A database that is empty, or restored from before a move, would look like one whose partitions are under way for ever.
    private async Task RequirePlacedAsync(CancellationToken cancellation)
    {
        var moving = new HashSet<int>();
        await Home.Moves.QueryAsync("SELECT partition FROM partition_move", static _ => { }, reader => moving.Add(reader.GetInt32(0)), cancellation).ConfigureAwait(false);
        foreach (var (shard, index) in _shards.Select((shard, index) => (shard, index)))
        {
            if (shard.Opened is null)
                continue;
            var heads = new HashSet<int>();
            await shard.Moves.QueryAsync("SELECT partition FROM partition_head", static _ => { }, reader => heads.Add(reader.GetInt32(0)), cancellation).ConfigureAwait(false);
            var lost = Enumerable.Range(0, PartitionCount).Where(partition => _claimed[partition] == index && !heads.Contains(partition) && !moving.Contains(partition)).ToList();
            // What was moved between the two questions is no longer where the map had it.
            if (lost.Count > 0 && (await _map.ReadVersionAsync(cancellation).ConfigureAwait(false)) == _places.Version)
                throw new StoreRefusedException($"The database given as '{shard.Name}' does not hold partition {lost[0]}, which the store has there: is it the right one?");
        }
    }

    /// <summary>How far each partition is: whoever has read the store, and finds them elsewhere afterwards, has read a store that was being written to.</summary>
    public async Task<IReadOnlyDictionary<int, (long Epoch, long Seq)>> ReadHeadsAsync(CancellationToken cancellation)
    {
        var heads = new Dictionary<int, (long, long)>();
        foreach (var shard in _shards.Where(shard => shard.Opened is not null))
            await shard.Moves.QueryAsync("SELECT partition, epoch, seq FROM partition_head", static _ => { }, reader => heads[reader.GetInt32(0)] = (reader.GetInt64(1), reader.GetInt64(2)), cancellation).ConfigureAwait(false);
        return heads;
    }

    private int IndexOf(string shard) => Array.FindIndex(_shards, database => database.Name == shard);

    private async Task<PlacesRead> ReadPlacesAsync(CancellationToken cancellation) => _places = await _map.ReadAsync(cancellation).ConfigureAwait(false);

    [GeneratedRegex("^[a-z0-9_]{1,40}$", RegexOptions.None, 1_000)]
    private static partial Regex ShardName();
}
