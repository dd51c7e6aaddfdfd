namespace Millrace.Storage.Postgres.Shards;

/// <summary>What a database says of itself in its <c>store</c> row.</summary>
/// <param name="StoreId">The same in all databases of a store.</param>
/// <param name="Partitions">Of the whole store.</param>
/// <param name="Format">The payload format that owners write; see <see cref="Engine.Codec.PayloadFormat"/>.</param>
/// <param name="Shard">The database's name in the store.</param>
/// <param name="DatabaseId">Of this database alone.</param>
internal sealed record StoreIdentity(Guid StoreId, int Partitions, int Format, string Shard, Guid DatabaseId)
{
    /// <summary>The database that holds what belongs to the whole store, and every partition that has not been moved.</summary>
    public const string Home = "home";

    /// <summary>Whether the database became that just now.</summary>
    public bool IsNew { get; init; }
}
