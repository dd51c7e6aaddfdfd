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

    // Whoever asks for what does not exist must not fill the memory.
    internal const int MostNones = 100_000;

    private readonly ConcurrentDictionary<(TenantId Tenant, string Sku), (StockItem Item, long AtMs)> _items = new();
    private readonly ConcurrentDictionary<(TenantId Tenant, string Sku), long> _nones = new();
    private long _sweptAtMs;

    public StockItem? Find(TenantId tenant, string sku) => _items.GetValueOrDefault((tenant, sku)).Item;

    internal bool IsFresh(TenantId tenant, string sku, long nowMs) => _items.TryGetValue((tenant, sku), out var entry)
        ? nowMs - entry.AtMs is >= 0 and < MostAgeMs
        : _nones.TryGetValue((tenant, sku), out var atMs) && IsFreshNone(atMs, nowMs);

    internal bool IsUsable(TenantId tenant, string sku, long nowMs) =>
        _items.TryGetValue((tenant, sku), out var entry) && nowMs - entry.AtMs is >= 0 and < MostAgeUnaskedMs;

    /// <summary>An answer may come late, when the item's partition is here by now and has said something newer: then that stays.</summary>
    internal void Publish(StockItem item, long nowMs) => _items.AddOrUpdate(
        (item.Tenant, item.Sku), static (_, told) => told, static (_, known, told) => known.Item.Version > told.Item.Version ? known : told, (Item: item, AtMs: nowMs));

    /// <summary>Its owner says that there is none. An item that was made stays: then it is this answer that is late.</summary>
    internal void PublishNone(TenantId tenant, string sku, long nowMs)
    {
        if (_nones.Count >= MostNones)
            Sweep(nowMs);
        if (_nones.Count < MostNones || _nones.ContainsKey((tenant, sku)))
            _nones[(tenant, sku)] = nowMs;
    }

    private static bool IsFreshNone(long atMs, long nowMs) => nowMs - atMs is >= 0 and < MostAgeOfNoneMs;

    // No more often than some of them can have aged.
    private void Sweep(long nowMs)
    {
        var sweptAtMs = Interlocked.Read(ref _sweptAtMs);
        if (IsFreshNone(sweptAtMs, nowMs) || Interlocked.CompareExchange(ref _sweptAtMs, nowMs, sweptAtMs) != sweptAtMs)
            return;
        foreach (var none in _nones)
        {
            if (!IsFreshNone(none.Value, nowMs))
                _nones.TryRemove(none);
        }
    }
}
