using Millrace.Domain.Identity;
using Millrace.Domain.Money;

namespace Millrace.Domain.Orders;

/// <summary>A named amount that a line adds (tax) or takes off (discount), in minor units, zero or more.</summary>
public sealed record LineAmount(string Name, long AmountMinor);

/// <summary>What the buyer ordered of one SKU, as agreed at placement: never priced again.</summary>
/// <param name="Sku">1 to 64 characters.</param>
/// <param name="Quantity">1 to <see cref="MaxQuantity"/> units.</param>
/// <param name="UnitPriceMinor">Per unit, zero or more.</param>
/// <param name="Discounts">Taken off the line.</param>
/// <param name="TaxLines">Added to the line.</param>
public sealed record LineItem(
    string Sku, int Quantity, long UnitPriceMinor, LineAmount[] Discounts, LineAmount[] TaxLines)
{
    public const int MaxQuantity = 1_000_000;
}

/// <summary>Where the parcel goes. Personal data, like <see cref="Buyer"/>.</summary>
public sealed record Address(
    string? Name, string? Line1, string? Line2, string? City, string? Region, string? PostalCode, string? Country);

/// <summary>Who buys. Personal data stands here and in <see cref="Address"/>, nowhere else in an order.</summary>
public sealed record Buyer(string? CustomerId, string? Name, string? Email);

/// <param name="Psp">Name of the payment service provider.</param>
/// <param name="Token">The PSP's token for the means of payment; never a card number.</param>
public sealed record PaymentMethod(string Psp, string Token);

/// <param name="AllowBackorder">May reserve beyond what is there, up to the SKU's limit.</param>
/// <param name="AllowSplit">May take one SKU from several locations.</param>
/// <param name="ReservationTtlMs">How long stock is held while no payment is in flight, in milliseconds.</param>
public sealed record PlacementOptions(bool AllowBackorder, bool AllowSplit, long ReservationTtlMs)
{
    /// <summary>15 minutes.</summary>
    public const long DefaultReservationTtlMs = 15 * 60 * 1000;

    public static readonly PlacementOptions Default = new(AllowBackorder: false, AllowSplit: false, DefaultReservationTtlMs);
}

/// <summary>The buyer's contract, a snapshot that nothing changes after placement.</summary>
/// <param name="Tenant">The merchant.</param>
/// <param name="KeyHash">Hash of (tenant, idempotency key); unique in the partition.</param>
/// <param name="PayloadHash">Hash of the request, to tell a repeat from a reuse of the key.</param>
/// <param name="ExternalId">The merchant's own order number, unique per tenant, at most 64 characters.</param>
/// <param name="Buyer">Who buys.</param>
/// <param name="ShipTo">Where it goes; null when nothing is shipped or nobody said.</param>
/// <param name="Currency">Of every amount of the order.</param>
/// <param name="Lines">1 to <see cref="MaxLines"/>.</param>
/// <param name="ShippingMinor">Charged for shipping, zero or more.</param>
/// <param name="TotalMinor">Computed by <see cref="OrderTotal"/>.</param>
/// <param name="Payment">How it is paid.</param>
/// <param name="Options">How stock may be taken.</param>
/// <param name="Metadata">The merchant's own names and values, in the order given.</param>
public sealed record OrderPlacement(
    TenantId Tenant,
    UInt128 KeyHash,
    UInt128 PayloadHash,
    string? ExternalId,
    Buyer Buyer,
    Address? ShipTo,
    Currency Currency,
    LineItem[] Lines,
    long ShippingMinor,
    long TotalMinor,
    PaymentMethod Payment,
    PlacementOptions Options,
    KeyValuePair<string, string>[] Metadata)
{
    /// <summary>Real invoices reach 1,114 lines (Online Retail, UCI, DOI 10.24432/C5BW33).</summary>
    public const int MaxLines = 2_000;
}
