using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Pages of several databases and archives, asked for with the same cursor, as one.</summary>
internal static class MergedPages
{
    public static OrderPage Merge(OrderPage[] pages, int limit)
    {
        if (pages is [var only])
            return only;
        // Below the cursor of a page nothing is known of its database: the merged page ends where the first of them ends.
        OrderId? known = null;
        foreach (var page in pages)
        {
            if (page.Next is { } next && (known is not { } highest || next > highest))
                known = next;
        }

        // An order is in one database. An archive may have it too, and comes after the database that it was of.
        var rows = pages.SelectMany(page => page.Rows).Where(row => known is not { } end || row.Id >= end)
            .DistinctBy(row => row.Id).OrderByDescending(row => row.Id).ToList();
        if (rows.Count <= limit)
            return new OrderPage(rows, known);
        rows.RemoveRange(limit, rows.Count - limit);
        return new OrderPage(rows, rows[^1].Id);
    }
}
