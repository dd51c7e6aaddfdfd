using System.Buffers.Binary;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite;

/// <summary>What was fixed when the store was created.</summary>
/// <param name="Id">The same in both files.</param>
internal readonly record struct StoreRow(UInt128 Id, int PartitionCount)
{
    /// <summary>Writes the row of a new store and one head a partition; of an old store, checks the count.</summary>
    public static StoreRow EnsureJournal(SqliteSession session, int? wanted, string path)
    {
        var row = Read(session) ?? Create(session, wanted ?? SqliteStoreOptions.DefaultPartitionCount);
        if (wanted is { } count && count != row.PartitionCount)
            throw new StoreRefusedException(
                $"The store in {path} has {row.PartitionCount} partitions, not {count}; the number is fixed when a store is created.");
        return row;
    }

    /// <summary>A read model that is missing is made again from the journal; another store's is refused.</summary>
    public void EnsureReadModel(SqliteSession session, string path)
    {
        var statement = session.Statement("SELECT store_id FROM progress");
        using (statement.Use())
        {
            if (statement.Step())
            {
                if (statement.UInt128(0) != Id)
                    throw new StoreRefusedException($"{path} belongs to another store than the journal beside it.");
                return;
            }
        }

        session.Statement("INSERT INTO progress (id, store_id, scan_from, last_position) VALUES (1, ?1, 1, 0)").BindKey(1, Id).Run();
    }

    public static UInt128 NewId() => BinaryPrimitives.ReadUInt128BigEndian(Guid.NewGuid().ToByteArray());

    /// <summary>Writes itself and the partitions' heads into a journal that has neither.</summary>
    /// <param name="epochs">One a partition.</param>
    public void Insert(SqliteSession session, IReadOnlyList<long> epochs)
    {
        session.Execute("BEGIN IMMEDIATE");
        session.Statement("INSERT INTO store (id, store_id, partition_count) VALUES (1, ?1, ?2)")
            .BindKey(1, Id).Bind(2, (long)PartitionCount).Run();
        var insert = session.Statement("INSERT INTO partition_head (partition, epoch, owner, released) VALUES (?1, ?2, '', 1)");
        for (var partition = 0; partition < PartitionCount; partition++)
            insert.Bind(1, (long)partition).Bind(2, epochs[partition]).Run();
        session.Execute("COMMIT");
    }

    private static StoreRow? Read(SqliteSession session)
    {
        var statement = session.Statement("SELECT store_id, partition_count FROM store");
        using var scope = statement.Use();
        return statement.Step() ? new StoreRow(statement.UInt128(0), (int)statement.Int64(1)) : null;
    }

    private static StoreRow Create(SqliteSession session, int partitionCount)
    {
        var row = new StoreRow(NewId(), partitionCount);
        row.Insert(session, new long[partitionCount]);
        return row;
    }
}
