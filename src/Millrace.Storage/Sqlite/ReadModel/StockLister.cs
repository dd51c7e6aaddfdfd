using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>Pages of items: a partition's in the order of their key, a tenant's by SKU.</summary>
internal static class StockLister
{
    private const string SelectPage = """
        SELECT tenant, sku, doc FROM stock WHERE partition = ?1 AND (tenant, sku) > (?2, ?3) ORDER BY tenant, sku LIMIT ?4
        """;

    private const string SelectItems = "SELECT tenant, sku, doc FROM stock WHERE tenant = ?1 AND sku > ?2 AND sku >= ?3 AND sku < ?4 ORDER BY sku LIMIT ?5";

    public static IReadOnlyList<StockRow> ListItems(SqliteSession session, (TenantId Tenant, string Prefix, string? After, int Limit) page)
    {
        var statement = session.Statement(SelectItems).Bind(1, page.Tenant.Value).Bind(2, page.After ?? "")
            .Bind(3, page.Prefix).Bind(4, StockPageRules.End(page.Prefix)).Bind(5, (long)page.Limit);
        return Read(statement);
    }

    public static IReadOnlyList<StockRow> List(SqliteSession session, (int Partition, (TenantId Tenant, string Sku)? After, int Limit) page)
    {
        // No tenant's name is empty: all are above it.
        var statement = session.Statement(SelectPage).Bind(1, (long)page.Partition)
            .Bind(2, page.After?.Tenant.Value ?? "").Bind(3, page.After?.Sku ?? "").Bind(4, (long)page.Limit);
        return Read(statement);
    }

    private static List<StockRow> Read(SqliteStatement statement)
    {
        using var scope = statement.Use();
        var rows = new List<StockRow>();
        while (statement.Step())
            rows.Add(new StockRow(TenantId.Parse(statement.Text(0)), statement.Text(1), statement.Blob(2).ToArray()));
        return rows;
    }
}
