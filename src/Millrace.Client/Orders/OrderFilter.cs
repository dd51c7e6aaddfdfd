using Millrace.Client.Sending;

namespace Millrace.Client.Orders;

/// <summary>Which orders are listed; all that is given must hold.</summary>
public sealed record OrderFilter
{
    /// <summary>One of <see cref="OrderStatus"/>.</summary>
    public string? Status { get; init; }

    public string? Customer { get; init; }

    /// <summary>The merchant's own number: at most one order has it.</summary>
    public string? ExternalId { get; init; }

    /// <summary>The key that the order was placed with: at most one order has it.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>An item in the order.</summary>
    public string? Sku { get; init; }

    /// <summary>Inclusive.</summary>
    public DateTimeOffset? CreatedAfter { get; init; }

    /// <summary>Only orders that wait for a person, and are not dismissed.</summary>
    public bool NeedsAttention { get; init; }

    /// <summary>Only orders that wait for a person for this reason, and are not dismissed.</summary>
    public string? AttentionCode { get; init; }

    /// <summary>With <see cref="NeedsAttention"/> or <see cref="AttentionCode"/>: those that are dismissed instead.</summary>
    public bool IsDismissed { get; init; }

    /// <summary>How many come at once: 1 to 200.</summary>
    public int PageSize { get; init; } = 50;

    /// <summary>An <see cref="Answer{T}.ConsistencyToken"/>, or several separated by commas: the list shows those orders as they were then, or later.</summary>
    public string? ConsistencyToken { get; init; }

    internal string Query(string? cursor) => new Query()
        .With("status", Status).With("customer", Customer).With("external_id", ExternalId).With("idempotency_key", IdempotencyKey).With("sku", Sku)
        .With("created_after", CreatedAfter).With("attention", NeedsAttention ? "true" : null).With("attention_code", AttentionCode).With("dismissed", IsDismissed ? "true" : null)
        .With("limit", PageSize).With("cursor", cursor).ToString();
}
