using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Simulation.Checkers;

/// <summary>Units of one SKU at one location that an order has in stock.</summary>
public sealed record HeldStock(string Sku, string Location, long Reserved, long Allocated, long Deducted);

/// <summary>The stock ledger summed a second way, by order and by SKU, to compare with the counters.</summary>
internal sealed class StockHoldings(CheckReport report)
{
    private readonly Dictionary<OrderId, List<HeldStock>> _byOrder = [];
    private readonly Dictionary<(TenantId, string, string), (long OnHand, long Reserved, long Allocated)> _bySku = [];

    public IReadOnlyList<HeldStock> Of(OrderId id) => _byOrder.GetValueOrDefault(id) ?? [];

    public void Take(StockEvent fact)
    {
        switch (fact)
        {
            case StockEvent.Adjusted e:
                Sku(e.Tenant, e.Sku, e.Location, e.Delta, 0, 0);
                break;
            case StockEvent.Reserved e:
                foreach (var take in e.Takes)
                {
                    Sku(e.Tenant, take.Sku, take.Location, 0, take.Quantity, 0);
                    Order(e.Order, take, take.Quantity, 0, 0);
                }

                break;
            case StockEvent.Moved e:
                foreach (var take in e.Takes)
                    Move(e, take);
                break;
        }
    }

    /// <summary>Counters = sum of the stock ledger.</summary>
    public void CompareWith(StockBook book)
    {
        foreach (var item in book.Items)
        {
            foreach (var level in item.Levels)
            {
                var sum = _bySku.GetValueOrDefault((item.Tenant, item.Sku, level.Location));
                if (sum != (level.OnHand, level.Reserved, level.Allocated))
                    report.Add(20, item.Sku, $"counts {level} where the stock ledger sums to {sum}");
            }
        }
    }

    private void Move(StockEvent.Moved e, StockTake take)
    {
        long q = take.Quantity;
        var (onHand, reserved, allocated) = e.Step switch
        {
            StockStep.Allocate => (0L, -q, q),
            StockStep.Release => e.WasAllocated ? (0L, 0L, -q) : (0L, -q, 0L),
            StockStep.Deduct => (-q, 0L, -q),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        Sku(e.Tenant, take.Sku, take.Location, onHand, reserved, allocated);
        Order(e.Order, take, reserved, allocated, e.Step == StockStep.Deduct ? q : 0);
    }

    private void Order(OrderId id, StockTake take, long reserved, long allocated, long deducted)
    {
        ref var all = ref CollectionsMarshal.GetValueRefOrAddDefault(_byOrder, id, out _);
        all ??= new List<HeldStock>(2);
        var index = all.FindIndex(h => h.Sku == take.Sku && h.Location == take.Location);
        if (index < 0)
        {
            index = all.Count;
            all.Add(new HeldStock(take.Sku, take.Location, 0, 0, 0));
        }

        var held = all[index] = new HeldStock(
            take.Sku, take.Location, all[index].Reserved + reserved, all[index].Allocated + allocated, all[index].Deducted + deducted);
        if (held.Reserved < 0 || held.Allocated < 0)
            report.Add(5, id.ToString(), $"gave back more than it had: {held}");
    }

    private void Sku(TenantId tenant, string sku, string location, long onHand, long reserved, long allocated)
    {
        ref var sum = ref CollectionsMarshal.GetValueRefOrAddDefault(_bySku, (tenant, sku, location), out _);
        sum = (sum.OnHand + onHand, sum.Reserved + reserved, sum.Allocated + allocated);
    }
}
