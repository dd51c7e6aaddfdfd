using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>A page of a partition's items, in the order of their key.</summary>
internal static class StockLister
{
    private const string SelectPage = """
        SELECT tenant, sku, doc FROM stock WHERE partition = ?1 AND (tenant, sku) > (?2, ?3) ORDER BY tenant, sku LIMIT ?4
        """;

    public static IReadOnlyList<StockRow> List(SqliteSession session, (int Partition, (TenantId Tenant, string Sku)? After, int Limit) page)
    {
        // No tenant's name is empty: all are above it.
        var statement = session.Statement(SelectPage).Bind(1, (long)page.Partition)
            .Bind(2, page.After?.Tenant.Value ?? "").Bind(3, page.After?.Sku ?? "").Bind(4, (long)page.Limit);
        using var scope = statement.Use();
        var rows = new List<StockRow>();
        while (statement.Step())
            rows.Add(new StockRow(TenantId.Parse(statement.Text(0)), statement.Text(1), statement.Blob(2).ToArray()));
        return rows;
    }
}
