using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Reads what a partition starts from.</summary>
internal static class PartitionLoader
{
    private const string SelectDue = $"""
        SELECT {OrderRows.Columns} FROM orders INDEXED BY orders_due
        WHERE partition = ?1 AND due_at IS NOT NULL ORDER BY due_at, id
        """;

    public static PartitionSnapshot Load(SqliteSession session, int partition)
    {
        var (seq, state) = ReadCheckpoint(session, partition);
        return new PartitionSnapshot(
            seq,
            state,
            ReadAll(session, "SELECT tenant, sku, doc FROM stock WHERE partition = ?1", partition, static row =>
                new StockRow(TenantId.Parse(row.Text(0)), row.Text(1), row.Blob(2).ToArray())),
            ReadAll(session, SelectDue, partition, OrderRows.Read));
    }

    private static (long Seq, byte[] State) ReadCheckpoint(SqliteSession session, int partition)
    {
        var statement = session.Statement("SELECT seq, state FROM checkpoint WHERE partition = ?1");
        using var scope = statement.Bind(1, (long)partition).Use();
        return statement.Step() ? (statement.Int64(0), statement.Blob(1).ToArray()) : (0, []);
    }

    private static List<T> ReadAll<T>(SqliteSession session, string sql, int partition, Func<SqliteStatement, T> read)
    {
        var rows = new List<T>();
        var statement = session.Statement(sql);
        using var scope = statement.Bind(1, (long)partition).Use();
        while (statement.Step())
            rows.Add(read(statement));
        return rows;
    }
}
