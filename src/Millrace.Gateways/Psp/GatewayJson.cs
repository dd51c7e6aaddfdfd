using System.Text.Json.Serialization;

namespace Millrace.Gateways.Psp;

/// <summary>Body of every command; a provider takes what the operation needs.</summary>
internal sealed record PspCommand(
    string Reference, string? Order = null, long? Amount = null, string? Currency = null, string? Token = null);

/// <summary>Body of 201, 402, 409 and 400, as far as we read it.</summary>
internal sealed record PspReply(
    string? Id = null, long? Amount = null, string? Reference = null, string? Code = null, bool? Soft = null);

// Unknown members are let through: a provider may add some. Missing ones are not.
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PspCommand))]
[JsonSerializable(typeof(PspReply))]
[JsonSerializable(typeof(PspRecord))]
[JsonSerializable(typeof(List<PspRecord>))]
[JsonSerializable(typeof(PspWebhook))]
internal sealed partial class GatewayJson : JsonSerializerContext;
