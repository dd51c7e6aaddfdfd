namespace Millrace.Domain.Stock;

using Millrace.Domain.Orders;

/// <summary>Picks the locations for one order's demands: all of them, or none.</summary>
internal static class StockReservation
{
    public static StockEvent Decide(StockBook book, StockCommand.Reserve command)
    {
        var takes = new List<StockTake>(command.Demands.Length);
        foreach (var demand in command.Demands)
        {
            var item = book.Find(command.Tenant, demand.Sku);
            if (item is null)
                return Refuse(command, "unknown_sku", demand.Sku);
            if (!TryTake(item, demand.Quantity, command.AllowBackorder, command.AllowSplit, takes))
                return Refuse(command, "out_of_stock", demand.Sku);
        }

        return new StockEvent.Reserved(command.Tenant, command.Order, command.Part, [.. takes]);
    }

    private static bool TryTake(StockItem item, int quantity, bool allowBackorder, bool allowSplit, List<StockTake> takes)
    {
        // The limit is over all locations: one that owes may not be paid for by selling another empty.
        if (item.Available - quantity < -item.BackorderLimit)
            return false;
        // The fullest location that has it all: one parcel, and it leaves the scarce places alone.
        var best = Fullest(item);
        if (best is not null && best.Available >= quantity)
        {
            takes.Add(new StockTake(item.Sku, best.Location, quantity));
            return true;
        }

        if (allowSplit && item.Available >= quantity && item.Levels.Length > 1)
            return TrySplit(item, quantity, takes);
        if (!allowBackorder)
            return false;
        takes.Add(new StockTake(item.Sku, best?.Location ?? StockItem.DefaultLocation, quantity));
        return true;
    }

    private static bool TrySplit(StockItem item, int quantity, List<StockTake> takes)
    {
        var first = takes.Count;
        foreach (var level in item.Levels.Where(l => l.Available > 0).OrderByDescending(l => l.Available).ThenBy(l => l.Location, StringComparer.Ordinal))
        {
            var taken = (int)Math.Min(quantity, level.Available);
            takes.Add(new StockTake(item.Sku, level.Location, taken));
            quantity -= taken;
            if (quantity == 0)
                return true;
        }

        // A location below zero (backordered) can make the sum promise less than the parts: nothing is taken.
        takes.RemoveRange(first, takes.Count - first);
        return false;
    }

    private static StockLevel? Fullest(StockItem item)
    {
        StockLevel? best = null;
        foreach (var level in item.Levels)
        {
            if (best is null || level.Available > best.Available)
                best = level;
        }

        return best;
    }

    private static StockEvent.ReservationRefused Refuse(StockCommand.Reserve command, string code, string sku) =>
        new(command.Tenant, command.Order, command.Part, code, sku);
}
