namespace Millrace.Storage.Sqlite;

/// <summary>When SQLite asks the disk to make a commit durable. https://www.sqlite.org/pragma.html#pragma_synchronous</summary>
public enum SqliteSynchronous
{
    /// <summary>Never: a crash of the machine loses acknowledged orders or the file. Unsafe.</summary>
    Off = 0,

    /// <summary>At WAL checkpoints only: a crash of the machine loses acknowledged orders. Unsafe.</summary>
    Normal = 1,

    /// <summary>At every commit. The default.</summary>
    Full = 2,
}

/// <summary>What an operator chooses about a store in a data folder.</summary>
public sealed record SqliteStoreOptions
{
    public const int DefaultPartitionCount = 64;

    /// <summary>The folder that holds the store and nothing else; created when missing.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>1 to 4,096, fixed when the store is created. Null takes the store's own, or 64 for a new one.</summary>
    public int? PartitionCount { get; init; }

    public SqliteSynchronous Synchronous { get; init; } = SqliteSynchronous.Full;

    /// <summary>Whether a schema of an earlier version is brought up to date, from where there may be no way back. Default true; false refuses, for who only looks.</summary>
    public bool MayUpgrade { get; init; } = true;

    /// <summary>Must be set to open with less than <see cref="SqliteSynchronous.Full"/>. Default false.</summary>
    public bool AllowUnsafeDurability { get; init; }
}
