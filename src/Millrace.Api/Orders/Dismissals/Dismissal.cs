using System.Text.Json.Serialization;

namespace Millrace.Api.Orders.Dismissals;

/// <summary>A parked order that a person does not want to be asked about: it stays as it is, and out of sight.</summary>
/// <param name="OrderVersion">The order's then. Once it is another, something has happened to the order, and it is shown again.</param>
/// <param name="Reason">The person's own words.</param>
/// <param name="By">Whose key it was.</param>
/// <param name="At">By the clock of the node that was asked.</param>
internal sealed record Dismissal(int OrderVersion, string Reason, string? By, DateTimeOffset At);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(Dismissal))]
[JsonSerializable(typeof(DismissalAuditDetail))]
internal sealed partial class DismissalJson : JsonSerializerContext;

internal sealed record DismissalAuditDetail(string? Reason);
