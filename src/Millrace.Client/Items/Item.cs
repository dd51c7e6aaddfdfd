namespace Millrace.Client.Items;

/// <summary>What an item of the catalog shall be.</summary>
/// <param name="Price">In minor units of the currency.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="BackorderLimit">How many more may be sold than are there.</param>
public sealed record NewItem(string Name, long Price, string Currency, long BackorderLimit = 0);

/// <summary>An item with its stock.</summary>
/// <param name="Available">What can be sold, at all locations; below zero are backorders.</param>
public sealed record Item(
    string Sku, string Name, long Price, string Currency, long BackorderLimit, long Available, long Version, IReadOnlyList<StockLevel> Stock);

public sealed record StockLevel(string Location, long OnHand, long Reserved, long Allocated, long Available);

/// <summary>For a shop window; up to five seconds old when it comes through a cache.</summary>
public sealed record Availability(string Sku, long Available, bool InStock, bool Backorderable);
