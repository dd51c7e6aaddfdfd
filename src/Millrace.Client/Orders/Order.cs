using System.Text.Json.Serialization;

namespace Millrace.Client.Orders;

/// <summary>An order as the server shows it. Amounts are whole numbers in minor units of the currency.</summary>
/// <param name="Status">One of <see cref="OrderStatus"/>.</param>
/// <param name="Version">One more with each event; also the <see cref="Answer{T}.ETag"/>.</param>
/// <param name="Closing">How it ends, or ended, without being completed.</param>
/// <param name="Attention">Why it waits for a person.</param>
/// <param name="TrackingUrl">Where whoever has this link sees how far the order is; without a host.</param>
public sealed record Order(
    string Id,
    string? ExternalId,
    string Status,
    string PaymentStatus,
    string FulfillmentStatus,
    int Version,
    DateTimeOffset PlacedAt,
    DateTimeOffset UpdatedAt,
    string Currency,
    long Total,
    long Shipping,
    Customer Customer,
    Address? ShipTo,
    IReadOnlyList<OrderLine> Lines,
    Payment Payment,
    IReadOnlyList<Hold> Holds,
    Fulfillment? Fulfillment,
    Closing? Closing,
    Attention? Attention,
    OrderOptions Options,
    IReadOnlyDictionary<string, string> Metadata,
    string TrackingUrl)
{
    /// <summary>Nothing more will become of it by itself.</summary>
    [JsonIgnore]
    public bool IsEnded => Status is OrderStatus.Completed or OrderStatus.Rejected or OrderStatus.Expired or OrderStatus.Canceled;
}

/// <summary>The values of <see cref="Order.Status"/>; a newer server may have more.</summary>
public static class OrderStatus
{
    /// <summary>Durable, and not decided yet.</summary>
    public const string Pending = "pending";

    /// <summary>Its stock is allocated and its payment authorized.</summary>
    public const string Confirmed = "confirmed";

    /// <summary>Delivered and paid.</summary>
    public const string Completed = "completed";

    public const string Rejected = "rejected";

    public const string Expired = "expired";

    public const string Canceled = "canceled";
}

public sealed record Customer(string? Id, string? Name, string? Email);

/// <param name="Stock">Of the lines that are reserved together: <c>reserving</c>, <c>reserved</c>, <c>refused</c>, <c>allocated</c>, <c>releasing</c>, <c>released</c>, <c>deducting</c> or <c>deducted</c>; null before it is asked for.</param>
public sealed record OrderLine(
    string Sku, int Quantity, long UnitPrice, IReadOnlyList<LineAmount> Discounts, IReadOnlyList<LineAmount> TaxLines, long Total, string? Stock = null);

/// <param name="Pending">The operation whose outcome is not known yet.</param>
/// <param name="Attempts">How often that was tried and not answered, since it was asked for or a person let the order go on.</param>
/// <param name="NextAttemptAt">When it is tried again; null the first time, and of an order that waits for a person.</param>
/// <param name="Reference">The provider's name for the authorization.</param>
public sealed record Payment(
    string Psp, long Authorized, long Captured, long Refunded, bool Voided, string? Pending, string? Reference, string? DeclineCode,
    int Attempts = 0, DateTimeOffset? NextAttemptAt = null);

public sealed record Hold(string Id, string Kind, string? Reason, string? Owner, DateTimeOffset PlacedAt, DateTimeOffset? ExpiresAt);

public sealed record Fulfillment(string? Carrier, string? Tracking, DateTimeOffset? ShippedAt, DateTimeOffset? DeliveredAt);

public sealed record Closing(string Outcome, string Code, string? Detail);

public sealed record Attention(string Code, string Detail, DateTimeOffset At);

/// <summary>Why orders wait for a person.</summary>
/// <param name="AsOf">When the database was as it is shown.</param>
public sealed record AttentionList(IReadOnlyList<AttentionGroup> Data, DateTimeOffset AsOf);

/// <summary>Orders that wait for a person for one reason, dismissed ones too.</summary>
/// <param name="Orders">How many they are, counted to 100,000.</param>
/// <param name="HasMore">Whether they are more than were counted.</param>
public sealed record AttentionGroup(
    string Code, int Orders, bool HasMore, string OldestOrder, DateTimeOffset OldestPlacedAt, string NewestOrder, DateTimeOffset NewestPlacedAt);
