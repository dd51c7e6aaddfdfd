using System.Text.Json.Serialization;

namespace Millrace.Reconciliation.Breaks;

/// <summary>How far the comparison is, as it is kept between restarts. Fields are stored: never change one.</summary>
public sealed record ReconciliationState
{
    /// <summary>The node that compares.</summary>
    public string Node { get; init; } = "";

    /// <summary>When this was written.</summary>
    public DateTimeOffset SavedAt { get; init; }

    /// <summary>Everything before it in the feed is settled, one cursor for each share.</summary>
    public IReadOnlyList<string> Ours { get; init; } = [];

    /// <summary>Everything before it in the provider's record is settled.</summary>
    public long Theirs { get; init; }

    /// <summary>When the feed was last read to its end; null for never.</summary>
    public DateTimeOffset? OursReadAt { get; init; }

    /// <summary>When the provider's record was last read to its end; null for never.</summary>
    public DateTimeOffset? TheirsReadAt { get; init; }

    /// <summary>Operations that were found on both sides and alike.</summary>
    public long Matched { get; init; }

    /// <summary>Operations that took a look at the order and at the provider, whatever was found.</summary>
    public long LookedUp { get; init; }

    /// <summary>Operations that one side has and the other has not shown yet.</summary>
    public int Unsettled { get; init; }

    /// <summary>Operations before <see cref="Ours"/> or <see cref="Theirs"/> of which nothing could be said yet.</summary>
    public IReadOnlyList<KeptOperation> Kept { get; init; } = [];

    /// <summary>Why it does not go on: <c>too_many_breaks</c>, or why one side cannot be read or does not answer; null when it does.</summary>
    public string? Trouble { get; init; }
}

/// <summary>One that one side told of, and for which nobody answered. Fields are stored: never change one.</summary>
/// <param name="PaymentKey">Of the operation.</param>
/// <param name="Id">The provider's reference of it.</param>
/// <param name="Kind">authorize, capture, void or refund.</param>
/// <param name="IsTheirs">The provider told it.</param>
/// <param name="AmountMinor">Null when it was not told.</param>
/// <param name="Currency">Null when it was not told.</param>
/// <param name="Authorization">Null when it was not told.</param>
/// <param name="PspOrder">Null when it was not told.</param>
public sealed record KeptOperation(string PaymentKey, string Id, string Kind, bool IsTheirs, long? AmountMinor, string? Currency, string? Authorization, string? PspOrder = null);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault)]
[JsonSerializable(typeof(Break))]
[JsonSerializable(typeof(ReconciliationState))]
internal sealed partial class ReconciliationJson : JsonSerializerContext;
