using System.Buffers;
using System.Text.Json;
using Millrace.Api.Events;
using Millrace.Telemetry;
using Millrace.Webhooks.Delivering;

namespace Millrace.Api.Webhooks;

/// <summary>What is sent of an event: the CloudEvent that the feed tells.</summary>
internal static class WebhookBody
{
    public static EventBody With(OrderTraces traces) => told =>
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer);
        CloudEventJson.Write(writer, told, traces.Find(told.Order));
        writer.Flush();
        return buffer.WrittenMemory;
    };
}
