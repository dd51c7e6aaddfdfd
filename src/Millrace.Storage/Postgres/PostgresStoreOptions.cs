namespace Millrace.Storage.Postgres;

/// <summary>What an operator chooses about a store in a PostgreSQL database.</summary>
public sealed record PostgresStoreOptions
{
    /// <summary>As Npgsql takes it. Several hosts are tried for the primary.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>1 to 4,096, fixed when the store is created. Null takes the store's own, or 64 for a new one.</summary>
    public int? PartitionCount { get; init; }

    /// <summary>False refuses a database that no store is in, and leaves it as it is. Default true.</summary>
    public bool MayMake { get; init; } = true;

    /// <summary>Acknowledges nothing unless the server waits for a synchronous standby (<c>synchronous_standby_names</c>).</summary>
    public bool RequireReplica { get; init; }

    /// <summary>Must be set to go on with <c>fsync</c>, <c>full_page_writes</c> or <c>synchronous_commit</c> off. Default false.</summary>
    public bool AllowUnsafeDurability { get; init; }

    /// <summary>The folder of 'millrace archive', in which months of orders may be. Null when none is; where one is, they then cannot be read.</summary>
    public string? Archive { get; init; }

    /// <summary>How long a commit may take before the connection is given up and the commit counts as ambiguous; a claim and a reading of the archive as long, a read or checkpoint three times.</summary>
    public TimeSpan CommitPatience { get; init; } = TimeSpan.FromSeconds(10);
}
