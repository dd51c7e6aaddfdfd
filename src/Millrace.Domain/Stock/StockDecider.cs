using System.Diagnostics;

namespace Millrace.Domain.Stock;

/// <param name="Event">What happened; null when nothing changed.</param>
/// <param name="Rejection">Why nothing changed; null when accepted.</param>
public readonly record struct StockDecision(StockEvent? Event, StockRejection? Rejection);

/// <summary>
/// Decides stock commands for the partition that owns the SKUs. Single writer: two lines, two buyers or a flash sale
/// are a loop in memory. An order's commands come through an exactly-once channel, in order, so they need no memory of their own.
/// </summary>
public static class StockDecider
{
    public static StockDecision Decide(StockBook book, StockCommand command) => command switch
    {
        StockCommand.DefineItem c => DefineItem(book, c),
        StockCommand.Adjust c => Adjust(book, c),
        StockCommand.Reserve c => Accept(StockReservation.Decide(book, c)),
        StockCommand.Move c => Accept(new StockEvent.Moved(c.Tenant, c.Order, c.Part, c.Step, c.WasAllocated, c.Takes)),
        _ => throw new UnreachableException(),
    };

    private static StockDecision DefineItem(StockBook book, StockCommand.DefineItem c)
    {
        var item = book.Find(c.Tenant, c.Sku);
        if (item is not null && item.Name == c.Name && item.PriceMinor == c.PriceMinor
            && item.CurrencyCode == c.CurrencyCode && item.BackorderLimit == c.BackorderLimit)
            return default;
        if (c.BackorderLimit < 0)
            return new StockDecision(null, new StockRejection.OutOfRange(c.Sku));
        if (item is not null && item.Available < -c.BackorderLimit)
            return new StockDecision(null, new StockRejection.BelowPromised(c.Sku));
        return Accept(new StockEvent.ItemDefined(c.Tenant, c.Sku, c.Name, c.PriceMinor, c.CurrencyCode, c.BackorderLimit));
    }

    private static StockDecision Adjust(StockBook book, StockCommand.Adjust c)
    {
        if (book.Find(c.Tenant, c.Sku) is not { } item)
            return new StockDecision(null, new StockRejection.UnknownSku(c.Sku));
        if (c.Delta == 0)
            return default;
        var level = item.Level(c.Location);
        if (level is null && item.Levels.Length >= StockItem.MaxLocations)
            return new StockDecision(null, new StockRejection.TooManyLocations(c.Sku));
        var onHand = (Int128)(level?.OnHand ?? 0) + c.Delta;
        // A trillion units at one place is a typing error, and keeps every sum far from overflow.
        // Only a loss is kept above zero: a receipt counts even where backorders were shipped before they were counted in.
        if ((c.Delta < 0 && onHand < 0) || onHand > 1_000_000_000_000)
            return new StockDecision(null, new StockRejection.OutOfRange(c.Sku));
        return c.Delta < 0 && item.Available + c.Delta < -item.BackorderLimit
            ? new StockDecision(null, new StockRejection.BelowPromised(c.Sku))
            : Accept(new StockEvent.Adjusted(c.Tenant, c.Sku, c.Location, c.Delta, c.Reason, c.KeyHash));
    }

    private static StockDecision Accept(StockEvent fact) => new(fact, null);
}
