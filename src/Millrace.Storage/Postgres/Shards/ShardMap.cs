using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Where the partitions are, as home said at one moment.</summary>
/// <param name="Version">Raised by every change.</param>
/// <param name="Shards">Shard names, by partition.</param>
internal sealed record PlacesRead(long Version, string[] Shards)
{
    public bool AreAllAtHome => Array.TrueForAll(Shards, shard => shard == StoreIdentity.Home);
}

/// <summary>
/// Home's record of the shards and of which partition is where. A hint for whoever looks for a partition; what decides is the partition's row in
/// <c>partition_head</c>, which stands in one database at most.
/// </summary>
internal sealed class ShardMap(NpgsqlDataSource home, int partitions)
{
    public async Task<PlacesRead> ReadAsync(CancellationToken cancellation)
    {
        var shards = new string[partitions];
        Array.Fill(shards, StoreIdentity.Home);
        var version = 0L;
        await home.QueryAsync(
            "SELECT m.version, p.partition, p.shard FROM shard_map m LEFT JOIN partition_place p ON true",
            static _ => { },
            reader =>
            {
                version = reader.GetInt64(0);
                if (!reader.IsDBNull(1))
                    shards[reader.GetInt32(1)] = reader.GetString(2);
            },
            cancellation).ConfigureAwait(false);
        return new PlacesRead(version, shards);
    }

    public async Task<long> ReadVersionAsync(CancellationToken cancellation)
    {
        var version = 0L;
        await home.QueryAsync("SELECT version FROM shard_map", static _ => { }, reader => version = reader.GetInt64(0), cancellation).ConfigureAwait(false);
        return version;
    }

    /// <summary>The first database that comes under a shard's name keeps it.</summary>
    /// <exception cref="StoreRefusedException">Another database had the name before.</exception>
    public async Task RegisterAsync(string shard, Guid databaseId, CancellationToken cancellation)
    {
        await home.QueryAsync(
            "INSERT INTO shard (name, database_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            p => { p.Add(Sql.Of(shard)); p.Add(Sql.Of(databaseId)); }, static _ => { }, cancellation).ConfigureAwait(false);
        if (await FindDatabaseAsync(shard, cancellation).ConfigureAwait(false) != databaseId)
            throw new StoreRefusedException($"The database given as shard '{shard}' is not the one that the store knows by that name.");
    }

    /// <summary>Null for a shard that was never seen.</summary>
    public async Task<Guid?> FindDatabaseAsync(string shard, CancellationToken cancellation)
    {
        Guid? found = null;
        await home.QueryAsync(
            "SELECT database_id FROM shard WHERE name = $1", p => p.Add(Sql.Of(shard)), reader => found = reader.GetGuid(0), cancellation).ConfigureAwait(false);
        return found;
    }
}
