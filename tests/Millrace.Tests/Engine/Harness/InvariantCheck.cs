using Millrace.Domain.Identity;
using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Payments;
using Xunit;

namespace Millrace.Tests.Engine.Harness;

/// <summary>The invariants of a store at rest, from the journal and the PSP's own record alone. Numbers: reliability, chapter "Invariants".</summary>
internal static class InvariantCheck
{
    public static IReadOnlyList<Order> Run(PartitionHarness shop)
    {
        var records = Enumerable.Range(0, shop.Map.Count).Select(p => shop.Journal.Records(p).ToArray()).ToArray();
        var orders = Orders(records, out var ledger);
        Assert.Equal(orders.Count, orders.DistinctBy(o => o.Placement.KeyHash).Count());
        var withExternalId = orders.Where(o => o.ExternalIdStatus == ExternalIdStatus.Granted).ToArray();
        Assert.Equal(withExternalId.Length, withExternalId.DistinctBy(o => o.Placement.ExternalId).Count());
        Assert.All(orders, o => Money(o, shop.Psp));
        Assert.All(ledger, e => Assert.Equal(0, e.Postings.Sum(p => p.AmountMinor)));
        Assert.Equal(shop.Psp.Effects.Count, shop.Psp.Effects.DistinctBy(e => e.IdempotencyKey).Count());
        for (var p = 0; p < shop.Map.Count; p++)
            Stock(shop, p, records[p], orders);
        return orders;
    }

    private static List<Order> Orders(JournalRecord[][] records, out List<LedgerEntry> ledger)
    {
        var orders = new Dictionary<OrderId, Order>();
        ledger = [];
        foreach (var decided in records.SelectMany(r => r).OfType<JournalRecord.OrderDecided>())
        {
            foreach (var fact in decided.Decision.Facts)
            {
                var before = orders.GetValueOrDefault(decided.Order);
                if (OrderLedger.EntryFor(before, fact, decided.Decision.Context) is { } entry)
                    ledger.Add(entry);
                orders[decided.Order] = Order.Evolve(decided.Order, before, fact, decided.Decision.Context);
            }
        }

        return [.. orders.Values];
    }

    // 3, 6, 14: what the order believes is what the PSP did, and an order that came to nothing holds nothing.
    private static void Money(Order order, ScriptedPsp psp)
    {
        long Done(PaymentOperation operation) => psp.Effects.Where(e => e.Order == order.Id && e.Operation == operation).Sum(e => e.AmountMinor);
        var money = order.Payment;
        Assert.True(money.RefundedMinor <= money.CapturedMinor && money.CapturedMinor <= money.AuthorizedMinor);
        if (money.Pending is null)
        {
            Assert.Equal(
                (money.AuthorizedMinor, money.CapturedMinor, money.RefundedMinor, money.IsVoided ? money.AuthorizedMinor : 0),
                (Done(PaymentOperation.Authorize), Done(PaymentOperation.Capture), Done(PaymentOperation.Refund), Done(PaymentOperation.Void)));
        }

        if (order.Status is OrderStatus.Rejected or OrderStatus.Canceled or OrderStatus.Expired)
        {
            Assert.False(money.HoldsMoney);
            Assert.DoesNotContain(order.StockParts, p => p.HoldsStock || p.IsInFlight);
        }
    }

    // 4, 5, 20: never oversold at any event, counters are the sum of the events, and what is held is what orders hold.
    private static void Stock(PartitionHarness shop, int partition, JournalRecord[] records, List<Order> orders)
    {
        var book = new StockBook();
        foreach (var change in records.OfType<JournalRecord.StockChanged>())
        {
            book.Evolve(change.Fact, []);
            Assert.All(book.Items, i => Assert.True(i.IsWithinLimit, $"{i.Sku} is oversold"));
        }

        Assert.Equal(Text(book.Items), Text(shop[partition].Items));
        foreach (var item in book.Items)
        {
            long Held(params StockPartStatus[] status) => orders.Where(o => o.Placement.Tenant == item.Tenant).SelectMany(o => o.StockParts)
                .Where(p => status.Contains(p.Status)).SelectMany(p => p.Takes).Where(t => t.Sku == item.Sku).Sum(t => (long)t.Quantity);
            Assert.Equal((item.Sku, Held(StockPartStatus.Reserved)), (item.Sku, item.Levels.Sum(l => l.Reserved)));
            Assert.Equal((item.Sku, Held(StockPartStatus.Allocated)), (item.Sku, item.Levels.Sum(l => l.Allocated)));
        }
    }

    private static string Text(IEnumerable<StockItem> items) => Describe.Text(items.OrderBy(i => i.Sku, StringComparer.Ordinal));
}
