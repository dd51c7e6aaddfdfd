using System.Text.Json;

namespace Millrace.Api.Documentation;

// The shapes of bodies for the OpenAPI document. Parsing is by hand; a test holds both together.

/// <summary>An order to place. Amounts are whole numbers in minor units of the currency.</summary>
internal sealed record PlaceOrderShape(
    CustomerRequestShape Customer,
    string Currency,
    LineRequestShape[] Lines,
    PaymentRequestShape Payment,
    string? ExternalId = null,
    ShippingShape? Shipping = null,
    AddressesShape? Addresses = null,
    OptionsShape? Options = null,
    long? ExpectedTotal = null,
    Dictionary<string, string>? Metadata = null);

internal sealed record CustomerRequestShape(string Id, string? Name = null, string? Email = null);

internal sealed record LineRequestShape(
    string Sku, int Quantity, long? UnitPrice = null, AmountShape[]? Discounts = null, AmountShape[]? TaxLines = null);

internal sealed record AmountShape(string Name, long Amount);

internal sealed record ShippingShape(long Amount);

internal sealed record AddressesShape(AddressShape? Shipping = null);

internal sealed record PaymentRequestShape(string Token, string? Psp = null);

internal sealed record OptionsShape(bool AllowBackorder = false, bool AllowSplit = false, int ReservationTtlS = 900);

internal sealed record BatchRowShape(string IdempotencyKey, PlaceOrderShape Order);

internal sealed record ReasonShape(string? Reason = null);

internal sealed record PlaceHoldShape(string Kind, string? Reason = null, DateTimeOffset? ExpiresAt = null);

internal sealed record ShipShape(string? Carrier = null, string? Tracking = null);

internal sealed record RefundShape(long? Amount = null, string? Reason = null);

internal sealed record PutItemShape(string Name, long Price, string Currency, long BackorderLimit = 0);

internal sealed record AdjustStockShape(string Sku, long Delta, string Reason, string? Location = null);

internal sealed record NewApiKeyShape(string Name, string[] Scopes, DateTimeOffset? ExpiresAt = null);

internal sealed record RotationShape(int OverlapS = 86_400);

internal sealed record EmptyShape;

/// <summary>As the provider sends it.</summary>
internal sealed record PspEventShape(JsonElement Body);
