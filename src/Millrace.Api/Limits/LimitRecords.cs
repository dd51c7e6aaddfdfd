using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;

namespace Millrace.Api.Limits;

/// <summary>How a tenant's limits are written in the audit log. Names and fields are stored: never change one.</summary>
internal static class LimitRecords
{
    private const string Action = "limits.set";

    public static AuditDraft Of(string tenant, LimitSettings settings, Actor actor) =>
        new(actor, tenant, Action, tenant, JsonSerializer.Serialize(settings, LimitJson.Default.LimitSettings));

    /// <returns>Null when the entry is about something else, or of a newer version.</returns>
    public static LimitSettings? Read(AuditEntry entry)
    {
        if (entry.Action != Action)
            return null;
        try
        {
            return JsonSerializer.Deserialize(entry.Detail, LimitJson.Default.LimitSettings);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LimitSettings))]
internal sealed partial class LimitJson : JsonSerializerContext;
