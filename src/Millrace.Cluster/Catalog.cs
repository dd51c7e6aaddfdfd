using System.Collections.Concurrent;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;

namespace Millrace.Cluster;

/// <summary>
/// Committed catalog entries (name, price, currency) of the partitions on this node, for the edge to price lines
/// without asking anyone. Stock levels in it are those at the time of the entry's last change; ask the partition for stock.
/// </summary>
public sealed class Catalog
{
    private readonly ConcurrentDictionary<(TenantId Tenant, string Sku), StockItem> _items = new();

    public int Count => _items.Count;

    public StockItem? Find(TenantId tenant, string sku) => _items.GetValueOrDefault((tenant, sku));

    internal void Publish(StockItem item) => _items[(item.Tenant, item.Sku)] = item;
}
