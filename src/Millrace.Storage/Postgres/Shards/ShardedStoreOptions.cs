namespace Millrace.Storage.Postgres.Shards;

/// <summary>The databases of one store.</summary>
public sealed record ShardedStoreOptions
{
    /// <summary>Holds what belongs to the whole store, and every partition that was not moved away. Its settings count for all.</summary>
    public required PostgresStoreOptions Home { get; init; }

    /// <summary>False refuses an empty database that is given as a shard. Default true: it becomes one.</summary>
    public bool MayMakeShards { get; init; } = true;

    /// <summary>Connection strings of the other databases, by the shard's name: 1 to 40 of a-z, 0-9 and _. Never stored: they hold secrets.</summary>
    public IReadOnlyDictionary<string, string> Shards { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);
}
