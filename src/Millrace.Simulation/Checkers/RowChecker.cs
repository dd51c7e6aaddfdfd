using Millrace.Domain.Identity;
using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;

namespace Millrace.Simulation.Checkers;

/// <summary>
/// What a stored row proves by itself: an order's document is replayed, every event is judged as in the journal, and the columns are compared with what
/// comes of it. Nothing is compared with anything newer than the row, so it may be asked while the store is served: a row that a checkpoint has not
/// reached yet is old, and not wrong.
/// </summary>
public sealed class RowChecker(int partitionCount, CheckReport report)
{
    private readonly PartitionMap _map = new(partitionCount);

    /// <summary>What it can find: others need the whole journal, or the provider's record.</summary>
    public static IReadOnlyList<int> Invariants { get; } = [2, 3, 4, 5, 6, 12, 14, 15, 19, 20];

    public void Take(OrderRow row)
    {
        report.Orders++;
        Order? order;
        try
        {
            order = Replay(row);
        }
        catch (Exception damage) when (damage is not OutOfMemoryException)
        {
            // Whatever bytes may lead to: what cannot be replayed is the finding, and its words may be a buyer's.
            report.Add(19, row.Id.ToString(), $"has a document that cannot be replayed: {damage.GetType().Name}");
            return;
        }

        if (order is null || row.Tenant != order.Placement.Tenant || !HasColumnsOf(row, order))
            report.Add(19, row.Id.ToString(), "has columns that differ from its document");
        if (order is null)
            return;
        if (_map.OwnerOfName(order.Placement.KeyHash) != row.Id.Partition)
            report.Add(2, row.Id.ToString(), "is not where its key belongs");
        OrderChecks.AtEnd(order, Held(order), isDrained: false, report);
    }

    /// <param name="partition">Where the row stands.</param>
    /// <param name="row">An item's.</param>
    public void Take(int partition, StockRow row)
    {
        report.Items++;
        var subject = $"{row.Tenant}/{row.Sku}";
        StockItem item;
        try
        {
            item = StockEventCodec.ReadItem(row.Tenant, row.Sku, row.Document.Span);
        }
        catch (Exception damage) when (damage is not OutOfMemoryException)
        {
            report.Add(19, subject, $"has a document that cannot be read: {damage.GetType().Name}");
            return;
        }

        if (_map.OwnerOfSku(row.Tenant, row.Sku) != partition)
            report.Add(4, subject, $"stands in partition {partition}, which does not own it");
        if (!item.IsWithinLimit)
            report.Add(4, subject, $"is oversold: {item.Available} available, {item.BackorderLimit} may be backordered");
        // On hand may be below zero: what was backordered and has left before it was counted in.
        foreach (var level in item.Levels)
        {
            if (level.Reserved < 0 || level.Allocated < 0)
                report.Add(20, subject, $"counts what no order can hold: {level}");
        }
    }

    internal static bool HasColumnsOf(OrderRow row, Order order) =>
        row.Status == order.Status && row.Version == order.Version && row.CustomerId == order.Placement.Buyer.CustomerId
        && row.Attention == order.Parked?.Code && row.DueAtUnixMs == order.DueAtUnixMs;

    private Order? Replay(OrderRow row)
    {
        Order? order = null;
        HashSet<UInt128>? keys = null;
        var id = row.Id;
        foreach (var recorded in OrderDocument.Read(row.Document))
        {
            var (fact, context) = (recorded.Fact, recorded.Context);
            if (order is null != fact is OrderEvent.Placed)
            {
                report.Add(12, id.ToString(), $"{EventNames.Of(fact)} stands {(order is null ? "before" : "after")} the order was placed");
                return order;
            }

            if (OrderLedger.EntryFor(order, fact, context) is { } entry && entry.Postings.Sum(posting => posting.AmountMinor) != 0)
                report.Add(6, id.ToString(), $"ledger entry {entry.Version} does not balance");
            if (context.Key is { } key && !(keys ??= []).Add(key.KeyHash))
                report.Add(2, id.ToString(), "was changed twice under one key");
            OrderChecks.Timely(id, order, fact, context, report);
            // In place: nobody keeps an order of the checker's.
            Order.Evolve(id, shared: null, ref order, fact, context);
            OrderChecks.Always(order!, fact, report);
        }

        return order;
    }

    // As the order itself knows it: what it has not been told to be gone, it holds.
    private static List<HeldStock> Held(Order order)
    {
        var held = new List<HeldStock>();
        foreach (var part in order.StockParts)
        {
            foreach (var take in part.Takes)
            {
                held.Add(part.Status switch
                {
                    StockPartStatus.Reserved => new HeldStock(take.Sku, take.Location, take.Quantity, 0, 0),
                    StockPartStatus.Allocated or StockPartStatus.Deducting => new HeldStock(take.Sku, take.Location, 0, take.Quantity, 0),
                    StockPartStatus.Releasing when part.WasAllocated => new HeldStock(take.Sku, take.Location, 0, take.Quantity, 0),
                    StockPartStatus.Releasing => new HeldStock(take.Sku, take.Location, take.Quantity, 0, 0),
                    StockPartStatus.Deducted => new HeldStock(take.Sku, take.Location, 0, 0, take.Quantity),
                    _ => new HeldStock(take.Sku, take.Location, 0, 0, 0),
                });
            }
        }

        return held;
    }
}
