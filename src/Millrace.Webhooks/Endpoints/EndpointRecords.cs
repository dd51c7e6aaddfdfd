using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;

namespace Millrace.Webhooks.Endpoints;

/// <summary>How the life of an endpoint is written in the audit log. Names and fields are stored: never change one.</summary>
internal static class EndpointRecords
{
    public const string Created = "webhook.created";
    public const string Changed = "webhook.changed";
    public const string Rotated = "webhook.rotated";
    public const string Stopped = "webhook.stopped";
    public const string Deleted = "webhook.deleted";
    public const string ReplayAsked = "webhook.replay_asked";

    public static AuditDraft Of(string action, WebhookEndpoint endpoint, Actor actor, EndpointDetail detail) =>
        new(actor, endpoint.Tenant.Value, action, endpoint.Id, JsonSerializer.Serialize(detail, EndpointRecordJson.Default.EndpointDetail));

    public static EndpointDetail Of(EndpointSettings settings) =>
        new() { Url = settings.Url.OriginalString, Types = settings.Types, Description = settings.Description, Disabled = settings.IsDisabled };

    public static EndpointDetail Of(ReplayOf of) => of switch
    {
        ReplayOf.One one => new() { Event = one.EventId },
        ReplayOf.Range range => new() { From = range.From, Until = range.Until },
        _ => new() { Failed = true },
    };

    /// <returns>Null when this version does not understand it: its chain is whole, so a newer one wrote it.</returns>
    public static EndpointDetail? Read(AuditEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize(entry.Detail, EndpointRecordJson.Default.EndpointDetail);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Of every action its own fields; never a secret.</summary>
internal sealed record EndpointDetail
{
    public string? Url { get; init; }

    public IReadOnlyList<string>? Types { get; init; }

    public string? Description { get; init; }

    public bool? Disabled { get; init; }

    /// <summary>Of a rotation: the new secret's number.</summary>
    public int? Secret { get; init; }

    public DateTimeOffset? FormerEndsAt { get; init; }

    /// <summary>Of a stop.</summary>
    public string? Reason { get; init; }

    /// <summary>Of a replay, this or the next two or <see cref="Failed"/>.</summary>
    public string? Event { get; init; }

    public DateTimeOffset? From { get; init; }

    public DateTimeOffset? Until { get; init; }

    public bool? Failed { get; init; }

    /// <summary>Hashes of the idempotency key and of the body that it was asked for with.</summary>
    public string? Request { get; init; }

    /// <returns>Null when it is not whole.</returns>
    public EndpointSettings? ToSettings() =>
        Uri.TryCreate(Url, UriKind.Absolute, out var url) ? new EndpointSettings(url, Types, Description, Disabled == true) : null;

    public ReplayOf? ToReplay() => this switch
    {
        { Event: { } id } => new ReplayOf.One(id),
        { From: { } from, Until: { } until } => new ReplayOf.Range(from, until),
        { Failed: true } => new ReplayOf.Failed(),
        _ => null,
    };
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EndpointDetail))]
internal sealed partial class EndpointRecordJson : JsonSerializerContext;
