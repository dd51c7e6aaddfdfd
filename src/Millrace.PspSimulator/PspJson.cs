using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.PspSimulator.Faults;
using Millrace.PspSimulator.Operations;
using Millrace.PspSimulator.Webhooks;

namespace Millrace.PspSimulator;

/// <summary>Everything that is written or read as JSON. Strict: unknown, repeated or missing members are refused.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AuthorizeBody))]
[JsonSerializable(typeof(FollowUpBody))]
[JsonSerializable(typeof(Operation))]
[JsonSerializable(typeof(List<Operation>))]
[JsonSerializable(typeof(OperationAnswer))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(FaultSettings))]
[JsonSerializable(typeof(WebhookEvent))]
internal sealed partial class PspJson : JsonSerializerContext;
