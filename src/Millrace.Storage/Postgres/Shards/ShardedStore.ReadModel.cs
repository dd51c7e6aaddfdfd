using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Lists;

namespace Millrace.Storage.Postgres.Shards;

public sealed partial class ShardedStore
{
    // A move changes the map once; that it does so again and again under one read is not to be expected.
    private const int MostReads = 5;

    public ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        RequirePartition(checkpoint.Partition);
        return _shards[WriterOf(checkpoint.Partition)].Store.CheckpointAsync(checkpoint);
    }

    public async ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation)
    {
        RequirePartition(partition);
        var store = await OpenAsync(WriterOf(partition), cancellation).ConfigureAwait(false);
        return await store.LoadPartitionAsync(partition, cancellation).ConfigureAwait(false);
    }

    public async ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation)
    {
        RequirePartition(partition);
        var store = await OpenAsync(WriterOf(partition), cancellation).ConfigureAwait(false);
        await store.ReadNamesAsync(partition, take, cancellation).ConfigureAwait(false);
    }

    public async ValueTask<IReadOnlyList<StockRow>> ListStockAsync(int partition, (TenantId Tenant, string Sku)? after, int limit, CancellationToken cancellation)
    {
        RequirePartition(partition);
        var store = await OpenAsync(WriterOf(partition), cancellation).ConfigureAwait(false);
        return await store.ListStockAsync(partition, after, limit, cancellation).ConfigureAwait(false);
    }

    public ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation)
    {
        RequirePartition(id.Partition);
        // Where this node claimed it, if it did: its owner does not depend on home.
        return LookUpAsync(id.Partition, _shards[WriterOf(id.Partition)].Name, store => store.LookUpOrderAsync(id, cancellation), cancellation);
    }

    public ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation)
    {
        RequirePartition(partition);
        return LookUpAsync(partition, _places.Shards[partition], store => store.LookUpNameAsync(partition, hash, cancellation), cancellation);
    }

    /// <summary>Lists from a standby of home. None is given while partitions are in other databases.</summary>
    /// <param name="connectionString">As Npgsql takes it; of several hosts a standby is preferred.</param>
    public ListReplica OpenReplica(string connectionString) => new(connectionString, Home.Store.Identity.DatabaseId);

    // Asked by any node, also of partitions that it never had: where the partition is not found to be, the map is read again.
    private async ValueTask<T> LookUpAsync<T>(int partition, string place, Func<PostgresStore, ValueTask<(bool IsHere, T Found)>> lookUp, CancellationToken cancellation)
    {
        for (var reads = 0; reads < MostReads; reads++)
        {
            var store = await OpenAsync(RequireShard(partition, place), cancellation).ConfigureAwait(false);
            var (isHere, found) = await lookUp(store).ConfigureAwait(false);
            if (isHere)
                return found;
            // It has left, and the map still has it here: nothing is removed before the map is changed, so the rows were those of its last owner.
            var known = place;
            place = (await ReadPlacesAsync(cancellation).ConfigureAwait(false)).Shards[partition];
            if (place == known)
                return found;
        }

        throw new StoreUnavailableException($"Partition {partition} is on its way to another database.");
    }

    /// <summary>One page over all databases. When one of them is away there is none: a list with a hole would be a lie.</summary>
    public async ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation) =>
        MergedPages.Merge(await ReadPagesAsync((store, only) => store.ListOrdersAsync(query, only, cancellation), cancellation).ConfigureAwait(false), query.Limit);

    /// <summary>As of orders: one page over all databases, or none.</summary>
    public async ValueTask<IReadOnlyList<StockRow>> ListItemsAsync(TenantId tenant, string prefix, string? after, int limit, CancellationToken cancellation)
    {
        var pages = await ReadPagesAsync((store, only) => store.ListItemsAsync(tenant, prefix, after, limit, only, cancellation), cancellation).ConfigureAwait(false);
        return pages is [var only] ? only : [.. pages.SelectMany(page => page).OrderBy(item => item.Sku, StringComparer.Ordinal).Take(limit)];
    }

    /// <summary>As of orders: over all databases, or none.</summary>
    public async ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation)
    {
        var lists = await ReadPagesAsync((store, only) => store.ListAttentionAsync(tenant, most, only, cancellation), cancellation).ConfigureAwait(false);
        return
        [
            .. lists.SelectMany(list => list).GroupBy(group => group.Code, StringComparer.Ordinal)
                .Select(parts => new AttentionGroup(parts.Key, Math.Min(parts.Sum(part => part.Orders), most), parts.Min(part => part.Oldest), parts.Max(part => part.Newest)))
                .OrderBy(group => group.Code, StringComparer.Ordinal),
        ];
    }

    private async Task<T[]> ReadPagesAsync<T>(Func<PostgresStore, int[]?, ValueTask<T>> read, CancellationToken cancellation)
    {
        for (var reads = 0; reads < MostReads; reads++)
        {
            var places = _places;
            var pages = await ReadPagesAsync(places, read, cancellation).ConfigureAwait(false);
            // Rows leave a database only after the map has changed: while it has not, every row was where it was looked for.
            if (await _map.ReadVersionAsync(cancellation).ConfigureAwait(false) == places.Version)
                return pages;
            await ReadPlacesAsync(cancellation).ConfigureAwait(false);
        }

        throw new StoreUnavailableException("Partitions are on their way to other databases.");
    }

    private async Task<T[]> ReadPagesAsync<T>(PlacesRead places, Func<PostgresStore, int[]?, ValueTask<T>> read, CancellationToken cancellation)
    {
        // Everything at home, and nothing but copies anywhere else.
        if (places.AreAllAtHome)
            return [await read(Home.Store, null).ConfigureAwait(false)];
        var held = Enumerable.Range(0, PartitionCount).GroupBy(partition => RequireShard(partition, places.Shards[partition]));
        return await Task.WhenAll(held.Select(async part =>
        {
            var store = await OpenAsync(part.Key, cancellation).ConfigureAwait(false);
            return await read(store, [.. part]).ConfigureAwait(false);
        })).ConfigureAwait(false);
    }

    private int RequireShard(int partition, string name) =>
        IndexOf(name) is >= 0 and var index ? index : throw new StoreUnavailableException(NotGiven(partition, name));
}
