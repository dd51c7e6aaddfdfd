using System.Text.Json;
using Millrace.Api.Orders.Rendering;
using Millrace.Domain.Orders;

namespace Millrace.Api.Json;

/// <summary>What many answers are made of.</summary>
internal static class JsonParts
{
    public static void WriteActor(this Utf8JsonWriter writer, ReadOnlySpan<byte> field, Actor actor)
    {
        writer.WriteStartObject(field);
        writer.WriteString("kind"u8, OrderNames.Of(actor.Kind));
        writer.WriteString("name"u8, actor.Name);
        writer.WriteEndObject();
    }

    public static void WriteNumberOrNull(this Utf8JsonWriter writer, ReadOnlySpan<byte> field, long? value)
    {
        if (value is { } number)
            writer.WriteNumber(field, number);
        else
            writer.WriteNull(field);
    }

    /// <summary>The rows of a list, as <c>data</c>.</summary>
    public static void WriteData<T>(this Utf8JsonWriter writer, IEnumerable<T> rows, Action<Utf8JsonWriter, T> write)
    {
        writer.WriteStartArray("data"u8);
        foreach (var row in rows)
            write(writer, row);
        writer.WriteEndArray();
    }

    /// <param name="writer">Where to.</param>
    /// <param name="cursor">Where the next page begins; null where there is none.</param>
    public static void WriteNext(this Utf8JsonWriter writer, string? cursor)
    {
        writer.WriteBoolean("has_more"u8, cursor is not null);
        writer.WriteString("next_cursor"u8, cursor);
    }
}
