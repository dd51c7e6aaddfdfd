using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Stock;

/// <summary>What the orders that this node has taken lately ask for most. In memory: it starts with the node. Thread-safe.</summary>
internal sealed class ItemDemand(TimeProvider time)
{
    // Of all tenants. 200 bytes each.
    private const int Kept = 2_000;
    // What is told is of one to two of them.
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);
    private readonly Lock _lock = new();
    private HeavyHitters<ItemKey> _before = new(Kept);
    private HeavyHitters<ItemKey> _now = new(Kept);
    private DateTimeOffset _beforeSince = time.GetUtcNow();
    private DateTimeOffset _since = time.GetUtcNow();
    private long _began = time.GetTimestamp();

    /// <param name="order">Taken just now, for the first time.</param>
    public void Note(OrderPlacement order)
    {
        lock (_lock)
        {
            Turn();
            foreach (var line in order.Lines)
                _now.Add(new ItemKey(order.Tenant, line.Sku), line.Quantity);
        }
    }

    /// <returns>The tenant's, the most units first, and since when they are counted.</returns>
    public (List<HeavyHitter<string>> Items, DateTimeOffset Since) Top(TenantId tenant, int most)
    {
        lock (_lock)
        {
            Turn();
            var skus = _before.Kept.Concat(_now.Kept).Where(item => item.Key.Tenant == tenant).Select(item => item.Key.Sku).ToHashSet(StringComparer.Ordinal);
            var items = skus.Select(sku => Both(new ItemKey(tenant, sku)))
                .OrderByDescending(item => item.Units).ThenBy(item => item.Key, StringComparer.Ordinal).Take(most).ToList();
            return (items, _beforeSince);
        }
    }

    private HeavyHitter<string> Both(ItemKey key)
    {
        var (before, now) = (_before.Find(key), _now.Find(key));
        return new HeavyHitter<string>(key.Sku, before.Times + now.Times, before.Units + now.Units, before.MostUnits + now.MostUnits);
    }

    private void Turn()
    {
        var elapsed = time.GetElapsedTime(_began);
        if (elapsed < Period)
            return;
        var now = time.GetUtcNow();
        // After a silence of two periods even the later one is of long ago.
        (_before, _beforeSince) = elapsed < Period * 2 ? (_now, _since) : (new HeavyHitters<ItemKey>(Kept), now);
        (_now, _since, _began) = (new HeavyHitters<ItemKey>(Kept), now, time.GetTimestamp());
    }

    private readonly record struct ItemKey(TenantId Tenant, string Sku);
}
