using System.Text.Json.Serialization;

namespace Millrace.Client.Orders;

/// <param name="Kind">The merchant's own word for it.</param>
/// <param name="ExpiresAt">The hold ends by itself then. An order that is still pending ends with it, as expired; a confirmed one goes on.</param>
public sealed record NewHold(string Kind, string? Reason = null, DateTimeOffset? ExpiresAt = null);

/// <summary>What is said of a parcel that has left.</summary>
public sealed record Parcel(string? Carrier = null, string? Tracking = null);

/// <param name="Amount">In minor units; all that is left when null.</param>
public sealed record NewRefund(long? Amount = null, string? Reason = null);

internal sealed record Reason(string? Text)
{
    [JsonPropertyName("reason")]
    public string? Text { get; } = Text;
}

internal sealed record Nothing;
