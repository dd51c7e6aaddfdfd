using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Orders.Rendering;
using Millrace.Engine.Codec;
using Millrace.Feed;

namespace Millrace.Api.Events;

/// <summary>An event for those outside: CloudEvents 1.0.2 in JSON, with the extensions for sequence, partitioning and distributed tracing.</summary>
internal static class CloudEventJson
{
    /// <param name="w">Where to.</param>
    /// <param name="e">The event.</param>
    /// <param name="trace">The one that placed the order, while it is known.</param>
    public static void Write(Utf8JsonWriter w, FeedEvent e, ActivityContext? trace = null)
    {
        var order = e.Order.ToString();
        w.WriteStartObject();
        w.WriteString("specversion"u8, "1.0"u8);
        w.WriteString("id"u8, e.Id);
        w.WriteString("source"u8, "/v1/orders"u8);
        w.WriteString("type"u8, e.Type);
        w.WriteString("subject"u8, order);
        w.WriteTime("time"u8, e.Context.AtUnixMs);
        w.WriteString("datacontenttype"u8, "application/json"u8);
        w.WriteString("sequence"u8, e.Version.ToString(CultureInfo.InvariantCulture));
        w.WriteString("partitionkey"u8, order);
        if (trace is { } known)
            w.WriteString("traceparent"u8, $"00-{known.TraceId}-{known.SpanId}-{(known.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? "01" : "00")}");
        w.WritePropertyName("data"u8);
        OrderEventJson.Write(w, new RecordedEvent(e.Version, e.Context, e.Fact, EndsDecision: false));
        w.WriteEndObject();
    }
}
