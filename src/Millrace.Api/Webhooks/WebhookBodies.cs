using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Problems;
using Millrace.Engine.Codec;
using Millrace.Feed;
using Millrace.Webhooks;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Api.Webhooks;

/// <summary>What is asked of endpoints.</summary>
internal static class WebhookBodies
{
    private const int MaxDescription = 200;
    private const int MaxType = 64;
    private const int MaxEventId = 64;
    private static readonly FieldSet SettingsFields = new("url", "events", "description", "disabled");
    private static readonly FieldSet ReplayFields = new("event_id", "from", "until", "failed");

    public static Problem? Settings(ReadOnlySpan<byte> utf8, WebhookOptions options, out EndpointSettings settings)
    {
        var json = new StrictJson(utf8);
        Uri? url = null;
        IReadOnlyList<string>? types = null;
        string? description = null;
        var isDisabled = false;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(SettingsFields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "url": url = ReadUrl(ref json, options); break;
                    case "events": types = ReadTypes(ref json); break;
                    case "description": description = json.Text(MaxDescription, TextRule.Free); break;
                    default: isDisabled = json.Boolean(); break;
                }
            }

            json.Require(seen, SettingsFields, 1);
        }

        json.End();
        settings = new EndpointSettings(url!, types, description, isDisabled);
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    /// <summary>One of three: an event, a time, or all that failed.</summary>
    public static Problem? Replay(ReadOnlySpan<byte> utf8, DateTimeOffset now, out ReplayOf of)
    {
        var json = new StrictJson(utf8);
        string? id = null;
        DateTimeOffset? from = null, until = null;
        var isFailed = false;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(ReplayFields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "event_id": id = json.Text(MaxEventId, TextRule.Code); break;
                    case "from": from = ReadTime(ref json); break;
                    case "until": until = ReadTime(ref json); break;
                    default: isFailed = json.Boolean(); break;
                }
            }
        }

        if (!json.HasErrors && ((id is null ? 0 : 1) + (from is null ? 0 : 1) + (isFailed ? 1 : 0) != 1 || (from is null && until is not null)))
            json.Fault("invalid_combination", "One of them is expected: event_id, from (and until), or failed: true.");
        else if (!json.HasErrors && from >= (until ?? now))
            json.Fault("invalid_range", until is null ? "from is in the past." : "until comes after from.");
        else if (!json.HasErrors && id is not null && !FeedEvent.IsId(id))
            json.Fault("invalid_event_id", "An event's id is three or four numbers, such as 7:1042:0.");
        json.End();
        of = id is not null ? new ReplayOf.One(id) : from is { } first ? new ReplayOf.Range(first, until ?? now) : new ReplayOf.Failed();
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    private static Uri? ReadUrl(ref StrictJson json, WebhookOptions options)
    {
        if (json.Text(WebhookUrl.MaxLength, TextRule.Code) is not { } text)
            return null;
        if (WebhookUrl.FaultOf(text, options, out var url) is { } fault)
            json.Fault("invalid_url", fault);
        return url;
    }

    // Each once, in the order that they have everywhere.
    private static IReadOnlyList<string>? ReadTypes(ref StrictJson json)
    {
        if (!json.Array())
            return null;
        var types = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; json.Element(i); i++)
        {
            if (json.Text(MaxType, TextRule.Code) is not { } type)
                continue;
            if (EventNames.OfOrders.Contains(type, StringComparer.Ordinal))
                types.Add(type);
            else
                json.Fault("unknown_event_type", $"There are: {string.Join(", ", EventNames.OfOrders)}.");
        }

        if (types.Count == 0 && !json.HasErrors)
            json.Fault("too_short", "An endpoint is told of something: leave events out for all.");
        return [.. EventNames.OfOrders.Where(types.Contains)];
    }

    private static DateTimeOffset? ReadTime(ref StrictJson json)
    {
        if (json.Text(35, TextRule.Id) is not { } text)
            return null;
        if (Rfc3339.TryParse(text, out var unixMs))
            return DateTimeOffset.FromUnixTimeMilliseconds(unixMs);
        json.Fault("invalid_format", "A time of RFC 3339 is expected, such as 2026-01-31T12:00:00Z.");
        return null;
    }
}
