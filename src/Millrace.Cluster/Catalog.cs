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
    /// <summary>How long another node's word is taken without asking again, in milliseconds: a change of price there is in force here after that.</summary>
    public const long MostAgeMs = 10_000;

    /// <summary>How long it is taken while the owner cannot be asked, in milliseconds: an owner that fails over must not stop the sale of its items.</summary>
    public const long MostAgeUnaskedMs = 60_000;

    // Whoever has just made an item at one node may order it at another.
    private const long MostAgeOfNoneMs = 1_000;

    private readonly ConcurrentDictionary<(TenantId Tenant, string Sku), (StockItem? Item, long AtMs)> _items = new();

    public int Count => _items.Count;

    public StockItem? Find(TenantId tenant, string sku) => _items.GetValueOrDefault((tenant, sku)).Item;

    internal bool IsFresh(TenantId tenant, string sku, long nowMs) =>
        _items.TryGetValue((tenant, sku), out var entry) && nowMs - entry.AtMs is var age and >= 0 && age < (entry.Item is null ? MostAgeOfNoneMs : MostAgeMs);

    internal bool IsUsable(TenantId tenant, string sku, long nowMs) =>
        _items.TryGetValue((tenant, sku), out var entry) && entry.Item is not null && nowMs - entry.AtMs is >= 0 and < MostAgeUnaskedMs;

    /// <summary>An answer may come late, when the item's partition is here by now and has said something newer: then that stays.</summary>
    internal void Publish(StockItem item, long nowMs) => _items.AddOrUpdate(
        (item.Tenant, item.Sku), static (_, told) => told, static (_, known, told) => known.Item?.Version > told.Item!.Version ? known : told, (Item: (StockItem?)item, AtMs: nowMs));

    /// <summary>Its owner says that there is none. An item that was made stays: then it is this answer that is late.</summary>
    internal void PublishNone(TenantId tenant, string sku, long nowMs)
    {
        // Whoever asks for what does not exist must not fill the memory.
        if (_items.Count < 1_000_000 || _items.ContainsKey((tenant, sku)))
            _items.AddOrUpdate((tenant, sku), static (_, atMs) => (null, atMs), static (_, known, atMs) => known.Item is null ? (null, atMs) : known, nowMs);
    }
}
