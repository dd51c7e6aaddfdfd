using Millrace.Domain.Identity;

namespace Millrace.Domain.Stock;

/// <summary>Units of one SKU at one location. Counters equal the sum of the stock events, always.</summary>
/// <param name="Location">1 to 32 characters.</param>
/// <param name="OnHand">Physically there.</param>
/// <param name="Reserved">Held for orders whose money is in flight.</param>
/// <param name="Allocated">Committed to confirmed orders.</param>
public sealed record StockLevel(string Location, long OnHand, long Reserved, long Allocated)
{
    public long OnHand { get; internal set; } = OnHand;

    public long Reserved { get; internal set; } = Reserved;

    public long Allocated { get; internal set; } = Allocated;

    /// <summary>Negative when backordered.</summary>
    public long Available => OnHand - Reserved - Allocated;
}

/// <summary>
/// A SKU of a merchant: what the catalog says of it, and its stock at every location. Its owner counts in place, since a
/// popular item changes thousands of times a second; whoever else wants to keep it takes a <see cref="Snapshot"/>.
/// </summary>
/// <param name="PriceMinor">Catalog price of one unit, in minor units of <paramref name="CurrencyCode"/>.</param>
/// <param name="BackorderLimit">How many units may be promised beyond what is there, over all locations.</param>
/// <param name="Version">Count of its events.</param>
public sealed record StockItem(
    TenantId Tenant,
    string Sku,
    string Name,
    long PriceMinor,
    string CurrencyCode,
    long BackorderLimit,
    StockLevel[] Levels,
    long Version)
{
    public const int MaxLocations = 256;
    public const string DefaultLocation = "main";

    public string Name { get; internal set; } = Name;

    public long PriceMinor { get; internal set; } = PriceMinor;

    public string CurrencyCode { get; internal set; } = CurrencyCode;

    public long BackorderLimit { get; internal set; } = BackorderLimit;

    public StockLevel[] Levels { get; internal set; } = Levels;

    public long Version { get; internal set; } = Version;

    public long Available
    {
        get
        {
            var available = 0L;
            foreach (var level in Levels)
                available += level.Available;
            return available;
        }
    }

    /// <summary>No oversell: reserved + allocated ≤ on hand + backorder limit.</summary>
    public bool IsWithinLimit => Available >= -BackorderLimit;

    public StockLevel? Level(string location)
    {
        foreach (var level in Levels)
        {
            if (string.Equals(level.Location, location, StringComparison.Ordinal))
                return level;
        }

        return null;
    }

    /// <summary>The item as it is now, for readers on any thread.</summary>
    public StockItem Snapshot() => this with { Levels = Array.ConvertAll(Levels, level => level with { }) };
}
