namespace Millrace.Client.Orders;

/// <summary>An order to place. Amounts are whole numbers in minor units of the currency.</summary>
public sealed record NewOrder
{
    public required NewCustomer Customer { get; init; }

    /// <summary>ISO 4217.</summary>
    public required string Currency { get; init; }

    /// <summary>1 to 2,000.</summary>
    public required IReadOnlyList<NewOrderLine> Lines { get; init; }

    public required NewPayment Payment { get; init; }

    /// <summary>The merchant's own number; a second order with the same one is rejected.</summary>
    public string? ExternalId { get; init; }

    public NewShipping? Shipping { get; init; }

    public NewAddresses? Addresses { get; init; }

    public OrderOptions? Options { get; init; }

    /// <summary>The order is refused with <c>total_mismatch</c> when the computed total is another.</summary>
    public long? ExpectedTotal { get; init; }

    /// <summary>Up to 50 entries of the merchant's own.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

public sealed record NewCustomer(string Id, string? Name = null, string? Email = null);

/// <param name="UnitPrice">The catalog's when null; another needs the scope <c>orders:override_price</c>.</param>
public sealed record NewOrderLine(
    string Sku, int Quantity, long? UnitPrice = null, IReadOnlyList<LineAmount>? Discounts = null, IReadOnlyList<LineAmount>? TaxLines = null);

public sealed record LineAmount(string Name, long Amount);

public sealed record NewShipping(long Amount);

public sealed record NewAddresses(Address? Shipping = null);

/// <param name="Country">ISO 3166-1, two letters.</param>
public sealed record Address(
    string? Name = null, string? Line1 = null, string? Line2 = null, string? City = null, string? Region = null, string? PostalCode = null, string? Country = null);

/// <param name="Token">Stands for the means of payment at the provider; never a card number.</param>
/// <param name="Psp">The provider; the server's only one when null.</param>
public sealed record NewPayment(string Token, string? Psp = null)
{
    /// <summary>Without the token: records are logged.</summary>
    public override string ToString() => $"{nameof(NewPayment)} by {Psp ?? "the server's provider"}";
}

/// <param name="ReservationTtlS">How many seconds stock is held for an order that is not confirmed.</param>
public sealed record OrderOptions(bool AllowBackorder = false, bool AllowSplit = false, int ReservationTtlS = 900);
