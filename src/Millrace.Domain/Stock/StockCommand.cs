using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Domain.Stock;

/// <summary>Units of one SKU that an order asks for, its lines of that SKU summed.</summary>
public sealed record StockDemand(string Sku, int Quantity);

public abstract record StockCommand(TenantId Tenant)
{
    public sealed record DefineItem(
        TenantId Tenant, string Sku, string Name, long PriceMinor, string CurrencyCode, long BackorderLimit) : StockCommand(Tenant);

    public sealed record Adjust(TenantId Tenant, string Sku, string Location, long Delta, string Reason, UInt128 KeyHash) : StockCommand(Tenant);

    public sealed record Reserve(
        TenantId Tenant, OrderId Order, int Part, StockDemand[] Demands, bool AllowBackorder, bool AllowSplit) : StockCommand(Tenant);

    public sealed record Move(
        TenantId Tenant, OrderId Order, int Part, StockStep Step, bool WasAllocated, StockTake[] Takes) : StockCommand(Tenant);
}

/// <summary>Why a stock command of a person or program was refused; nothing changed.</summary>
public abstract record StockRejection(string Code, string Detail)
{
    public sealed record UnknownSku(string Sku) : StockRejection("unknown_sku", $"There is no item '{Sku}'.");

    public sealed record BelowPromised(string Sku)
        : StockRejection("below_promised", $"'{Sku}' would have less on hand than is promised to orders.");

    public sealed record TooManyLocations(string Sku)
        : StockRejection("too_many_locations", $"'{Sku}' is at {StockItem.MaxLocations} locations already.");

    public sealed record OutOfRange(string Sku) : StockRejection("out_of_range", $"There would be less than none of '{Sku}' at the location, or more than a trillion.");
}
