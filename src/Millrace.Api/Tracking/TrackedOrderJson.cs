using System.Text.Json;
using Millrace.Api.Edge;

namespace Millrace.Api.Tracking;

/// <summary>A tracked order for programs.</summary>
internal static class TrackedOrderJson
{
    public static void Write(Utf8JsonWriter w, TrackedOrder order)
    {
        w.WriteStartObject();
        w.WriteString("status"u8, order.Status);
        w.WriteTime("updated_at"u8, order.UpdatedAtUnixMs);
        w.WriteStartArray("steps"u8);
        foreach (var step in order.Steps)
        {
            w.WriteStartObject();
            w.WriteString("step"u8, step.Name);
            w.WriteTime("at"u8, step.AtUnixMs);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }
}
