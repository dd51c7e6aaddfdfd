using System.Diagnostics;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Domain.Stock;

/// <summary>The items of one partition, by (tenant, SKU), counted in place. Not thread-safe: only its owner touches it.</summary>
public sealed class StockBook
{
    private readonly Dictionary<(TenantId Tenant, string Sku), StockItem> _items = [];

    public int Count => _items.Count;

    public IEnumerable<StockItem> Items => _items.Values;

    public StockItem? Find(TenantId tenant, string sku) => _items.GetValueOrDefault((tenant, sku));

    public void Put(StockItem item) => _items[(item.Tenant, item.Sku)] = item;

    /// <summary>Applies one event. Total over events that the decider made.</summary>
    /// <param name="changed">Receives every item that the event changed.</param>
    public void Evolve(StockEvent fact, List<StockItem> changed)
    {
        switch (fact)
        {
            case StockEvent.ItemDefined e:
                Define(e, changed);
                break;
            case StockEvent.Adjusted e:
                Change(e.Tenant, e.Sku, e.Location, changed).OnHand += e.Delta;
                break;
            case StockEvent.Reserved e:
                foreach (var take in e.Takes)
                    Change(e.Tenant, take.Sku, take.Location, changed).Reserved += take.Quantity;
                break;
            case StockEvent.ReservationRefused:
                break;
            case StockEvent.Moved e:
                foreach (var take in e.Takes)
                    Move(Change(e.Tenant, take.Sku, take.Location, changed), e, take.Quantity);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void Move(StockLevel level, StockEvent.Moved e, int quantity)
    {
        switch (e.Step)
        {
            case StockStep.Allocate:
                level.Reserved -= quantity;
                level.Allocated += quantity;
                break;
            case StockStep.Release when e.WasAllocated:
                level.Allocated -= quantity;
                break;
            case StockStep.Release:
                level.Reserved -= quantity;
                break;
            case StockStep.Deduct:
                level.Allocated -= quantity;
                level.OnHand -= quantity;
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void Define(StockEvent.ItemDefined e, List<StockItem> changed)
    {
        var item = Find(e.Tenant, e.Sku);
        if (item is null)
            Put(item = new StockItem(e.Tenant, e.Sku, e.Name, e.PriceMinor, e.CurrencyCode, e.BackorderLimit, [], 0));
        (item.Name, item.PriceMinor, item.CurrencyCode, item.BackorderLimit) = (e.Name, e.PriceMinor, e.CurrencyCode, e.BackorderLimit);
        item.Version++;
        changed.Add(item);
    }

    private StockLevel Change(TenantId tenant, string sku, string location, List<StockItem> changed)
    {
        var item = _items[(tenant, sku)];
        item.Version++;
        changed.Add(item);
        if (item.Level(location) is { } level)
            return level;
        level = new StockLevel(location, 0, 0, 0);
        item.Levels = [.. item.Levels, level];
        return level;
    }
}
