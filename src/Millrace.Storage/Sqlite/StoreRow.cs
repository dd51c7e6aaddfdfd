using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite;

/// <summary>The row of the store itself: what was fixed at its creation.</summary>
internal static class StoreRow
{
    /// <summary>Writes the row of a new store and one head a partition; of an old store, checks the count.</summary>
    public static int Ensure(SqliteSession session, int? wanted, string path)
    {
        var stored = Read(session);
        if (stored is null)
        {
            stored = wanted ?? SqliteStoreOptions.DefaultPartitionCount;
            Create(session, stored.Value);
        }

        if (wanted is { } count && count != stored)
            throw new StoreRefusedException(
                $"The store in {path} has {stored} partitions, not {count}; the number is fixed when a store is created.");
        return stored.Value;
    }

    private static int? Read(SqliteSession session)
    {
        var statement = session.Statement("SELECT partition_count FROM store");
        using var scope = statement.Use();
        return statement.Step() ? (int)statement.Int64(0) : null;
    }

    private static void Create(SqliteSession session, int partitionCount)
    {
        session.Execute("BEGIN IMMEDIATE");
        session.Statement("INSERT INTO store (id, partition_count, scan_from, last_position) VALUES (1, ?1, 1, 0)")
            .Bind(1, (long)partitionCount).Run();
        var insert = session.Statement("INSERT INTO partition_head (partition, epoch, owner, released) VALUES (?1, 0, '', 1)");
        for (var partition = 0; partition < partitionCount; partition++)
            insert.Bind(1, (long)partition).Run();
        session.Execute("COMMIT");
    }
}
