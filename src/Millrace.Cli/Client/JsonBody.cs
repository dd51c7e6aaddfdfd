using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Millrace.Cli.Client;

/// <summary>Renders request bodies. The same values give the same bytes, so that a repeat under the same key is one to the server.</summary>
internal static class JsonBody
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="write">Writes the fields of the object.</param>
    public static byte[] Of(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(buffer, Options);
        writer.WriteStartObject();
        write(writer);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <exception cref="UsageException">It is none.</exception>
    public static JsonDocument Parse(byte[] body)
    {
        try
        {
            return JsonDocument.Parse(body);
        }
        catch (JsonException malformed)
        {
            throw new UsageException($"The body is not JSON: {malformed.Message}");
        }
    }

    /// <summary>A field that is left out when there is nothing to say.</summary>
    public static void WriteIfGiven(this Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }

    public static void WriteIfGiven(this Utf8JsonWriter writer, string name, long? value)
    {
        if (value is not null)
            writer.WriteNumber(name, value.Value);
    }
}
