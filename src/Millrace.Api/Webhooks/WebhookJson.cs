using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Api.Webhooks;

/// <summary>Endpoints, what was tried, and what will be sent again.</summary>
internal static class WebhookJson
{
    /// <param name="w">Where to.</param>
    /// <param name="endpoint">Its settings.</param>
    /// <param name="state">How far it is.</param>
    /// <param name="secret">Shown in the answer that made it, and nowhere else; null there.</param>
    /// <param name="now">What lags are counted to.</param>
    public static void Write(Utf8JsonWriter w, WebhookEndpoint endpoint, DeliveryState state, string? secret, DateTimeOffset now)
    {
        w.WriteStartObject();
        w.WriteString("id"u8, endpoint.Id);
        w.WriteString("url"u8, endpoint.Settings.Url.OriginalString);
        WriteTypes(w, endpoint.Settings.Types);
        w.WriteString("description"u8, endpoint.Settings.Description);
        w.WriteBoolean("disabled"u8, endpoint.Settings.IsDisabled);
        w.WriteString("state"u8, StateOf(endpoint, state));
        w.WriteString("stopped_because"u8, endpoint.StoppedBecause);
        w.WriteTime("created_at"u8, endpoint.CreatedAt.ToUnixTimeMilliseconds());
        w.WriteTime("changed_at"u8, endpoint.ChangedAt.ToUnixTimeMilliseconds());
        w.WriteTime("former_secret_ends_at"u8, endpoint.FormerSecretEndsAt?.ToUnixTimeMilliseconds());
        w.WriteNumber("lag_s"u8, state.BehindSince is { } since ? Math.Max(0, (long)(now - since).TotalSeconds) : 0);
        w.WriteNumber("waiting"u8, state.Waiting);
        w.WriteNumber("failed"u8, state.Failed);
        w.WriteNumber("replays"u8, endpoint.Replays.Count(replay => replay.Seq > state.ReplayedTo));
        w.WriteTime("failing_since"u8, state.FailingSince?.ToUnixTimeMilliseconds());
        w.WriteTime("last_success_at"u8, state.LastSuccessAt?.ToUnixTimeMilliseconds());
        w.WriteTime("last_failure_at"u8, state.LastFailureAt?.ToUnixTimeMilliseconds());
        w.WriteString("last_error"u8, state.LastError);
        if (secret is not null)
            w.WriteString("secret"u8, secret);
        w.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter w, IReadOnlyList<Attempt> attempts, string? next)
    {
        w.WriteStartObject();
        w.WriteData(attempts, Write);
        w.WriteNext(next);
        w.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter w, Replay replay)
    {
        var range = replay.Of as ReplayOf.Range;
        w.WriteStartObject();
        w.WriteString("id"u8, replay.Id);
        w.WriteString("event_id"u8, (replay.Of as ReplayOf.One)?.EventId);
        w.WriteTime("from"u8, range?.From.ToUnixTimeMilliseconds());
        w.WriteTime("until"u8, range?.Until.ToUnixTimeMilliseconds());
        w.WriteBoolean("failed"u8, replay.Of is ReplayOf.Failed);
        w.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter w, string eventId, SendResult result)
    {
        w.WriteStartObject();
        w.WriteString("event_id"u8, eventId);
        w.WriteBoolean("delivered"u8, result.IsSuccess);
        WriteResult(w, result.Status, result.Error, (long)result.Took.TotalMilliseconds);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, Attempt attempt)
    {
        w.WriteStartObject();
        w.WriteString("event_id"u8, attempt.EventId);
        w.WriteString("type"u8, attempt.Type);
        w.WriteString("order_id"u8, attempt.Order);
        w.WriteNumber("attempt"u8, attempt.Number);
        w.WriteTime("at"u8, attempt.At?.ToUnixTimeMilliseconds());
        w.WriteString("outcome"u8, attempt.Outcome);
        WriteResult(w, attempt.Status, attempt.Error, attempt.DurationMs);
        w.WriteTime("next_at"u8, attempt.NextAt?.ToUnixTimeMilliseconds());
        w.WriteEndObject();
    }

    private static void WriteResult(Utf8JsonWriter w, int? status, string? error, long? durationMs)
    {
        w.WriteNumberOrNull("status"u8, status);
        w.WriteString("error"u8, error);
        w.WriteNumberOrNull("duration_ms"u8, durationMs);
    }

    private static void WriteTypes(Utf8JsonWriter w, IReadOnlyList<string>? types)
    {
        if (types is null)
        {
            w.WriteNull("events"u8);
            return;
        }

        w.WriteStartArray("events"u8);
        foreach (var type in types)
            w.WriteStringValue(type);
        w.WriteEndArray();
    }

    private static string StateOf(WebhookEndpoint endpoint, DeliveryState state) =>
        endpoint.Settings.IsDisabled ? "disabled" : endpoint.StoppedBecause is not null ? "stopped" : state.FailingSince is not null ? "failing" : "well";
}
