using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Domain.Stock;

/// <summary>A fact about items and stock. One that answers an order is also the promise to deliver that answer.</summary>
public abstract record StockEvent(TenantId Tenant)
{
    /// <summary>The catalog entry is new or changed; stock is untouched.</summary>
    public sealed record ItemDefined(
        TenantId Tenant, string Sku, string Name, long PriceMinor, string CurrencyCode, long BackorderLimit) : StockEvent(Tenant);

    /// <summary>On-hand units changed by <paramref name="Delta"/>: receipt, count, loss.</summary>
    public sealed record Adjusted(TenantId Tenant, string Sku, string Location, long Delta, string Reason, UInt128 KeyHash) : StockEvent(Tenant);

    public sealed record Reserved(TenantId Tenant, OrderId Order, int Part, StockTake[] Takes) : StockEvent(Tenant);

    /// <summary>Nothing was taken for this part of the order.</summary>
    public sealed record ReservationRefused(TenantId Tenant, OrderId Order, int Part, string Code, string Sku) : StockEvent(Tenant);

    /// <summary>Allocate: reserved → allocated. Release: back to available. Deduct: gone with the shipment.</summary>
    public sealed record Moved(TenantId Tenant, OrderId Order, int Part, StockStep Step, bool WasAllocated, StockTake[] Takes) : StockEvent(Tenant);
}
