using Millrace.Domain.Money;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Place;

/// <summary>An order as asked for, before the catalog has been seen.</summary>
internal sealed class PlaceDraft
{
    public string? ExternalId { get; set; }

    public Buyer? Buyer { get; set; }

    public Address? ShipTo { get; set; }

    public Currency? Currency { get; set; }

    public List<DraftLine> Lines { get; } = new(4);

    public long ShippingMinor { get; set; }

    public PaymentMethod? Payment { get; set; }

    public PlacementOptions Options { get; set; } = PlacementOptions.Default;

    public long? ExpectedTotalMinor { get; set; }

    public KeyValuePair<string, string>[] Metadata { get; set; } = [];
}

/// <param name="UnitPriceMinor">Null: the catalog's.</param>
internal readonly record struct DraftLine(
    string Sku, int Quantity, long? UnitPriceMinor, LineAmount[] Discounts, LineAmount[] TaxLines);
