using System.Collections.Concurrent;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;

namespace Millrace.Cluster;

/// <summary>
/// Catalog entries (name, price, currency) for the edge to price lines without asking anyone: all those of the partitions on this
/// node, as committed, and what other nodes said of theirs. Stock levels in it are those at the time of the entry's last change; ask the partition for stock.
/// </summary>
public sealed class Catalog
{
    /// <summary>How long another node's word is taken: a change of price there is in force here after that, in milliseconds.</summary>
    public const long MostAgeMs = 10_000;

    private readonly ConcurrentDictionary<(TenantId Tenant, string Sku), (StockItem? Item, long AtMs)> _items = new();

    public int Count => _items.Count;

    public StockItem? Find(TenantId tenant, string sku) => _items.GetValueOrDefault((tenant, sku)).Item;

    internal bool IsFresh(TenantId tenant, string sku, long nowMs) =>
        _items.TryGetValue((tenant, sku), out var entry) && nowMs - entry.AtMs is >= 0 and < MostAgeMs;

    internal void Publish(StockItem item, long nowMs) => _items[(item.Tenant, item.Sku)] = (item, nowMs);

    /// <summary>Its owner says that there is none.</summary>
    internal void PublishNone(TenantId tenant, string sku, long nowMs)
    {
        // Whoever asks for what does not exist must not fill the memory.
        if (_items.Count < 1_000_000 || _items.ContainsKey((tenant, sku)))
            _items[(tenant, sku)] = (null, nowMs);
    }
}
