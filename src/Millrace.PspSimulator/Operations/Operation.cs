using System.Text.Json.Serialization;

namespace Millrace.PspSimulator.Operations;

[JsonConverter(typeof(JsonStringEnumConverter<OperationKind>))]
internal enum OperationKind
{
    [JsonStringEnumMemberName("authorize")] Authorize = 1,
    [JsonStringEnumMemberName("capture")] Capture = 2,
    [JsonStringEnumMemberName("void")] Void = 3,
    [JsonStringEnumMemberName("refund")] Refund = 4,
}

[JsonConverter(typeof(JsonStringEnumConverter<OperationStatus>))]
internal enum OperationStatus
{
    [JsonStringEnumMemberName("authorized")] Authorized = 1,
    [JsonStringEnumMemberName("declined")] Declined = 2,
    [JsonStringEnumMemberName("captured")] Captured = 3,
    [JsonStringEnumMemberName("voided")] Voided = 4,
    [JsonStringEnumMemberName("refunded")] Refunded = 5,
}

/// <summary>
/// One executed operation: a line of the record, and what lookups show. A refusal (409) is kept as declined with its
/// code, so that its key repeats the same answer for as long as the key lives.
/// </summary>
/// <param name="AuthorizationId">The authorization it belongs to; its own id when it is one.</param>
/// <param name="Amount">Minor units of the currency.</param>
/// <param name="RequestHash">Tells a repeat of the request from another one under the same key.</param>
internal sealed record Operation(
    string Id,
    OperationKind Kind,
    string Reference,
    string Order,
    string AuthorizationId,
    long Amount,
    string Currency,
    OperationStatus Status,
    DateTimeOffset At,
    string Key,
    string RequestHash,
    string? Code = null,
    bool Soft = false)
{
    /// <summary>The earlier operation with the same reference: more than one means that a key expired between them.</summary>
    [JsonIgnore]
    public Operation? Earlier { get; set; }
}
