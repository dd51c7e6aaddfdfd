using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Where a checkpoint stands in the journal.</summary>
/// <param name="Mark">The batch up to which it shows the partition; its position is the last row that it covers.</param>
/// <param name="ScanFrom">The first row that a new start must read, once this checkpoint is written.</param>
/// <param name="LastPosition">The journal's last row at this moment.</param>
internal readonly record struct CheckpointPlan(BatchMark Mark, long ScanFrom, long LastPosition);

/// <summary>Writes a checkpoint's rows. Rows go in the order of their keys, so that neighbours find their page still at hand.</summary>
internal static class CheckpointWriter
{
    private const string UpsertOrder = """
        INSERT INTO orders (partition, id, tenant, status, version, customer, due_at, attention, doc)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
        ON CONFLICT (partition, id) DO UPDATE SET status = excluded.status, version = excluded.version,
            customer = excluded.customer, due_at = excluded.due_at, attention = excluded.attention, doc = excluded.doc
        """;

    private const string UpsertStock = """
        INSERT INTO stock (partition, tenant, sku, doc) VALUES (?1, ?2, ?3, ?4)
        ON CONFLICT (partition, tenant, sku) DO UPDATE SET doc = excluded.doc
        """;

    private const string UpsertCheckpoint = """
        INSERT INTO checkpoint (partition, seq, chain, position, state) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (partition) DO UPDATE SET
            seq = excluded.seq, chain = excluded.chain, position = excluded.position, state = excluded.state
        """;

    public static void Write(SqliteSession session, PartitionCheckpoint checkpoint, in CheckpointPlan plan)
    {
        WriteOrders(session, checkpoint);
        KeyRuns.Add(session, KeyRuns.Customers, Customers(checkpoint));
        KeyRuns.Add(session, checkpoint.Partition, [.. checkpoint.Names.Select(name => new KeyEntry(name.Hash, name.Order))]);
        WriteStock(session, checkpoint);
        session.Statement(UpsertCheckpoint)
            .Bind(1, (long)checkpoint.Partition).Bind(2, plan.Mark.Seq).BindKey(3, plan.Mark.Chain).Bind(4, plan.Mark.Position)
            .Bind(5, checkpoint.State.Span).Run();
        session.Statement("UPDATE progress SET scan_from = ?1, last_position = ?2")
            .Bind(1, plan.ScanFrom).Bind(2, plan.LastPosition).Run();
    }

    private static void WriteOrders(SqliteSession session, PartitionCheckpoint checkpoint)
    {
        var upsert = session.Statement(UpsertOrder).Bind(1, (long)checkpoint.Partition);
        foreach (var order in SortedById(checkpoint.Orders))
        {
            if (order.Id.Partition != checkpoint.Partition)
                throw new ArgumentException($"{order.Id} is not of partition {checkpoint.Partition}.", nameof(checkpoint));
            OrderRows.Bind(upsert, 2, order.Id)
                .Bind(3, order.Tenant.Value).Bind(4, (long)order.Status).Bind(5, (long)order.Version)
                .Bind(6, order.CustomerId).Bind(7, order.DueAtUnixMs).Bind(8, order.Attention)
                .Bind(9, order.Document.Span).Run();
        }
    }

    private static List<KeyEntry> Customers(PartitionCheckpoint checkpoint)
    {
        var entries = new List<KeyEntry>(checkpoint.Orders.Count);
        foreach (var order in checkpoint.Orders)
        {
            if (order.CustomerId is not null)
                entries.Add(new KeyEntry(OrderRows.CustomerKey(order.Tenant, order.CustomerId), order.Id));
        }

        return entries;
    }

    private static void WriteStock(SqliteSession session, PartitionCheckpoint checkpoint)
    {
        var upsert = session.Statement(UpsertStock).Bind(1, (long)checkpoint.Partition);
        foreach (var item in checkpoint.Stock)
            upsert.Bind(2, item.Tenant.Value).Bind(3, item.Sku).Bind(4, item.Document.Span).Run();
    }

    private static IEnumerable<OrderRow> SortedById(IReadOnlyList<OrderRow> rows)
    {
        for (var i = 1; i < rows.Count; i++)
        {
            if (rows[i - 1].Id > rows[i].Id)
                return rows.OrderBy(static row => row.Id);
        }

        return rows;
    }
}
