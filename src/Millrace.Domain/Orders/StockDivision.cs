using Millrace.Domain.Identity;

namespace Millrace.Domain.Orders;

/// <summary>Divides an order's lines among the partitions that own their SKUs.</summary>
internal static class StockDivision
{
    public static StockPartLines[] Divide(OrderPlacement placement, PartitionMap map)
    {
        var lines = placement.Lines;
        var owners = new int[lines.Length];
        for (var i = 0; i < lines.Length; i++)
            owners[i] = map.OwnerOfSku(placement.Tenant, lines[i].Sku);

        // Few partitions and mostly few lines: a scan per distinct owner is cheaper than a dictionary.
        var parts = new List<StockPartLines>(Math.Min(lines.Length, 4));
        for (var i = 0; i < owners.Length; i++)
        {
            var owner = owners[i];
            if (Array.IndexOf(owners, owner) != i)
                continue;
            var indexes = new List<int>(2);
            for (var j = i; j < owners.Length; j++)
            {
                if (owners[j] == owner)
                    indexes.Add(j);
            }

            parts.Add(new StockPartLines(owner, [.. indexes]));
        }

        return [.. parts];
    }
}
