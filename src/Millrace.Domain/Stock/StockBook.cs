using System.Diagnostics;
using Millrace.Domain.Orders;

namespace Millrace.Domain.Stock;

/// <summary>The items of one partition, by (tenant, SKU). Owned by the partition's thread; the items themselves are immutable.</summary>
public sealed class StockBook
{
    private readonly Dictionary<(Identity.TenantId Tenant, string Sku), StockItem> _items = [];

    public int Count => _items.Count;

    public IEnumerable<StockItem> Items => _items.Values;

    public StockItem? Find(Identity.TenantId tenant, string sku) => _items.GetValueOrDefault((tenant, sku));

    public void Put(StockItem item) => _items[(item.Tenant, item.Sku)] = item;

    /// <summary>Applies one event. Total over events that the decider made.</summary>
    /// <param name="changed">Receives every item as it is after the event.</param>
    public void Evolve(StockEvent fact, List<StockItem> changed)
    {
        switch (fact)
        {
            case StockEvent.ItemDefined e:
                Change(e.Tenant, e.Sku, changed, item => (item ?? new StockItem(e.Tenant, e.Sku, e.Name, 0, e.CurrencyCode, 0, [], 0)) with
                {
                    Name = e.Name, PriceMinor = e.PriceMinor, CurrencyCode = e.CurrencyCode, BackorderLimit = e.BackorderLimit,
                });
                break;
            case StockEvent.Adjusted e:
                Change(e.Tenant, e.Sku, changed, item => WithLevel(item!, e.Location, l => l with { OnHand = l.OnHand + e.Delta }));
                break;
            case StockEvent.Reserved e:
                foreach (var take in e.Takes)
                {
                    Change(e.Tenant, take.Sku, changed, item =>
                        WithLevel(item!, take.Location, l => l with { Reserved = l.Reserved + take.Quantity }));
                }

                break;
            case StockEvent.ReservationRefused:
                break;
            case StockEvent.Moved e:
                foreach (var take in e.Takes)
                    Change(e.Tenant, take.Sku, changed, item => WithLevel(item!, take.Location, l => Moved(l, e, take.Quantity)));
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static StockLevel Moved(StockLevel level, StockEvent.Moved e, int quantity) => e.Step switch
    {
        StockStep.Allocate => level with { Reserved = level.Reserved - quantity, Allocated = level.Allocated + quantity },
        StockStep.Release when e.WasAllocated => level with { Allocated = level.Allocated - quantity },
        StockStep.Release => level with { Reserved = level.Reserved - quantity },
        StockStep.Deduct => level with { Allocated = level.Allocated - quantity, OnHand = level.OnHand - quantity },
        _ => throw new UnreachableException(),
    };

    private void Change(Identity.TenantId tenant, string sku, List<StockItem> changed, Func<StockItem?, StockItem> change)
    {
        var before = Find(tenant, sku);
        var item = change(before) with { Version = (before?.Version ?? 0) + 1 };
        Put(item);
        changed.Add(item);
    }

    private static StockItem WithLevel(StockItem item, string location, Func<StockLevel, StockLevel> change)
    {
        var index = Array.FindIndex(item.Levels, l => l.Location == location);
        if (index < 0)
            return item with { Levels = [.. item.Levels, change(new StockLevel(location, 0, 0, 0))] };
        var levels = (StockLevel[])item.Levels.Clone();
        levels[index] = change(levels[index]);
        return item with { Levels = levels };
    }
}
