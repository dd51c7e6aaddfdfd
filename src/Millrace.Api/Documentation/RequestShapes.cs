using System.ComponentModel;
using System.ComponentModel.DataAnnotations;

namespace Millrace.Api.Documentation;

// The shapes of bodies for the OpenAPI document. Parsing is by hand; tests hold both together.

[Description("An order to place. Amounts are whole numbers in minor units of the currency.")]
internal sealed record PlaceOrderShape(
    CustomerRequestShape Customer,
    [Description("ISO 4217.")] string Currency,
    [MaxLength(2_000)] LineRequestShape[] Lines,
    PaymentRequestShape Payment,
    [Description("The merchant's own number; a second order with the same one is rejected."), MaxLength(64)] string? ExternalId = null,
    ShippingShape? Shipping = null,
    AddressesShape? Addresses = null,
    OptionsShape? Options = null,
    [Description("The order is refused when the computed total is another.")] long? ExpectedTotal = null,
    [Description("Up to 50 entries, names of up to 40 characters, values of up to 500.")] Dictionary<string, string>? Metadata = null);

internal sealed record CustomerRequestShape([MaxLength(64)] string Id, [MaxLength(200)] string? Name = null, [MaxLength(254)] string? Email = null);

internal sealed record LineRequestShape(
    [MaxLength(64)] string Sku,
    [Range(1, 1_000_000)] int Quantity,
    [Description("The catalog's without it; another needs the scope orders:override_price.")] long? UnitPrice = null,
    [MaxLength(32)] AmountShape[]? Discounts = null,
    [MaxLength(32)] AmountShape[]? TaxLines = null);

internal sealed record AmountShape([MaxLength(64)] string Name, long Amount);

internal sealed record ShippingShape(long Amount);

internal sealed record AddressesShape(AddressRequestShape? Shipping = null);

internal sealed record AddressRequestShape(
    [MaxLength(200)] string? Name = null,
    [MaxLength(200)] string? Line1 = null,
    [MaxLength(200)] string? Line2 = null,
    [MaxLength(200)] string? City = null,
    [MaxLength(200)] string? Region = null,
    [MaxLength(200)] string? PostalCode = null,
    [Description("ISO 3166-1, two letters."), MaxLength(2)] string? Country = null);

internal sealed record PaymentRequestShape(
    [Description("Stands for the means of payment at the provider; never a card number."), MaxLength(255)] string Token,
    [Description("The provider; the server's only one without it."), MaxLength(32)] string? Psp = null);

internal sealed record OptionsShape(
    bool AllowBackorder = false, bool AllowSplit = false, [Description("Seconds."), Range(1, 604_800)] int ReservationTtlS = 900);

internal sealed record BatchRowShape([MaxLength(255)] string IdempotencyKey, PlaceOrderShape Order);

internal sealed record ReasonShape([MaxLength(500)] string? Reason = null);

internal sealed record DismissShape([Description("Why nobody needs to be asked."), MaxLength(500)] string Reason);

internal sealed record BreakChangeShape(
    [AllowedValues("open", "closed")] string State, [Description("Why it is closed; needed for that."), MaxLength(500)] string? Reason = null,
    [Description("Who sees to it; without, whoever does already."), MaxLength(64)] string? Owner = null);

internal sealed record PlaceHoldShape(
    [Description("The merchant's own word for it."), MaxLength(32)] string Kind,
    [MaxLength(500)] string? Reason = null,
    [Description("The hold ends by itself then. An order that is still pending ends with it, as expired; a confirmed one goes on.")] DateTimeOffset? ExpiresAt = null);

internal sealed record ShipShape([MaxLength(200)] string? Carrier = null, [MaxLength(200)] string? Tracking = null);

internal sealed record RefundShape([Description("All that is left without it.")] long? Amount = null, [MaxLength(500)] string? Reason = null);

internal sealed record PutItemShape(
    [MaxLength(200)] string Name,
    [Description("Minor units of the currency.")] long Price,
    [Description("ISO 4217.")] string Currency,
    [Description("How many more may be sold than are there."), Range(0, 1_000_000_000)] long BackorderLimit = 0);

internal sealed record AdjustStockShape(
    [MaxLength(64)] string Sku,
    [Description("Below zero takes away."), Range(-1_000_000_000, 1_000_000_000)] long Delta,
    [MaxLength(200)] string Reason,
    [MaxLength(32)] string? Location = null);

internal sealed record NewApiKeyShape(
    [Description("The program that will hold it."), MaxLength(100)] string Name,
    [Description("Scopes, or the roles viewer and operator.")] string[] Scopes,
    DateTimeOffset? ExpiresAt = null);

internal sealed record RotationShape([Description("Seconds until the other key ends."), Range(0, 2_592_000)] int OverlapS = 86_400);

internal sealed record NewJobShape(
    [Description("retry lets a parked order go on; hold places a hold of the kind operator; release releases all holds that the order has."), AllowedValues("cancel", "retry", "hold", "release")] string Action,
    JobQueryShape Query,
    [Description("Noted with each order, but for release."), MaxLength(500)] string? Reason = null,
    [Description("Most orders a second."), Range(1, 100)] int Rate = 10,
    [Description("Most orders at all."), Range(1, 100_000)] int Limit = 10_000);

[Description("The filters of the list of orders: every one that is given must hold, and one at least is.")]
internal sealed record JobQueryShape(
    [AllowedValues("pending", "confirmed", "completed", "rejected", "expired", "canceled")] string? Status = null,
    [Description("The customer's id."), MaxLength(64)] string? Customer = null,
    [Description("The merchant's own number."), MaxLength(64)] string? ExternalId = null,
    [Description("An item in the order."), MaxLength(64)] string? Sku = null,
    DateTimeOffset? CreatedAfter = null,
    [Description("true: only orders that wait for a person.")] bool? Attention = null,
    [Description("Only orders that wait for a person for this reason."), MaxLength(64)] string? AttentionCode = null);

[Description("Where a tenant is told of events, and of which.")]
internal sealed record WebhookSettingsShape(
    [Description("https, at a public address, without a user or password in it."), MaxLength(2_000)] string Url,
    [Description("Types of events, such as order.confirmed.v1; all without it.")] string[]? Events = null,
    [MaxLength(200)] string? Description = null,
    [Description("Nothing is sent meanwhile, and nothing is skipped.")] bool Disabled = false);

internal sealed record WebhookRotationShape([Description("Seconds for which the former secret goes on to sign beside the new one."), Range(0, 2_592_000)] int OverlapS = 86_400);

[Description("What is to be sent again: an event, those of a time, or all that failed for good.")]
internal sealed record NewReplayShape(
    [MaxLength(64)] string? EventId = null,
    [Description("Inclusive.")] DateTimeOffset? From = null,
    [Description("Exclusive; now without it.")] DateTimeOffset? Until = null,
    bool Failed = false);

internal sealed record EmptyShape;

[Description("As the provider sends it.")]
internal sealed record PspEventShape(
    string Id,
    [Description("An operation and what became of it, such as capture.succeeded; others may come and are ignored.")] string Type,
    string OperationId,
    [Description("The payment key that the provider was asked with.")] string Reference,
    string Order,
    string AuthorizationId,
    long Amount,
    string Currency,
    string? Code = null,
    bool? Soft = null);
