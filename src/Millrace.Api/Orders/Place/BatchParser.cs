using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Problems;

namespace Millrace.Api.Orders.Place;

/// <param name="Key">Idempotency key of the row.</param>
/// <param name="Draft">The order, when <paramref name="Problem"/> is null.</param>
/// <param name="PayloadHash">Of the order's bytes alone.</param>
/// <param name="Problem">Why the row cannot be taken.</param>
internal readonly record struct BatchRow(string Key, PlaceDraft Draft, UInt128 PayloadHash, Problem? Problem);

/// <summary>Rows of <c>POST /v1/orders:batch</c>: a JSON array, or one JSON object a line (NDJSON).</summary>
internal static class BatchParser
{
    public const int MaxRows = 1_000;
    private static readonly FieldSet RowFields = new("idempotency_key", "order");

    /// <returns>Null when the rows, each good or bad, are in <paramref name="rows"/>.</returns>
    public static Problem? Parse(ReadOnlySpan<byte> utf8, bool isLines, string defaultPsp, List<BatchRow> rows)
    {
        if (!isLines && !IsArray(utf8))
            return Problem.Of([new FieldError("", "wrong_type", "An array of rows is expected.")]);
        var isWhole = isLines ? Lines(utf8, defaultPsp, rows) : Elements(utf8, defaultPsp, rows);
        if (!isWhole)
            return Problem.Of([new FieldError("", "too_many", $"At most {MaxRows} rows are accepted.")]);
        return rows.Count == 0 ? Problem.Of([new FieldError("", "too_short", "At least one row is needed.")]) : null;
    }

    private static Utf8JsonReader ReaderOf(ReadOnlySpan<byte> utf8) => new(utf8, new JsonReaderOptions { MaxDepth = JsonPath.MaxDepth + 1 });

    // What is no JSON at all is told as that, and not as JSON of another type.
    private static bool IsArray(ReadOnlySpan<byte> utf8)
    {
        var reader = ReaderOf(utf8);
        reader.Read();
        if (reader.TokenType == JsonTokenType.StartArray)
            return true;
        reader.Skip();
        reader.Read();
        return false;
    }

    private static bool Elements(ReadOnlySpan<byte> utf8, string defaultPsp, List<BatchRow> rows)
    {
        var reader = ReaderOf(utf8);
        reader.Read();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (rows.Count == MaxRows)
                return false;
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            rows.Add(Row(utf8[start..(int)reader.BytesConsumed], defaultPsp));
        }

        // The reader refuses anything but white space behind the array.
        reader.Read();
        return true;
    }

    private static bool Lines(ReadOnlySpan<byte> utf8, string defaultPsp, List<BatchRow> rows)
    {
        foreach (var range in utf8.Split((byte)'\n'))
        {
            var line = utf8[range].Trim(" \t\r"u8);
            if (line.IsEmpty)
                continue;
            if (rows.Count == MaxRows)
                return false;
            rows.Add(Row(line, defaultPsp));
        }

        return true;
    }

    private static BatchRow Row(ReadOnlySpan<byte> utf8, string defaultPsp)
    {
        try
        {
            return ParseRow(utf8, defaultPsp);
        }
        catch (JsonException)
        {
            return new BatchRow("", null!, default, EdgeMiddleware.Malformed);
        }
    }

    private static BatchRow ParseRow(ReadOnlySpan<byte> utf8, string defaultPsp)
    {
        var json = new StrictJson(utf8);
        string? key = null;
        PlaceDraft? draft = null;
        UInt128 hash = default;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(RowFields, ref seen) is { } field)
            {
                if (field == "idempotency_key")
                {
                    key = json.Text(IdempotencyKey.MaxLength, TextRule.Id);
                    if (key is not null && !IdempotencyKey.IsKey(key))
                        json.Fault("invalid_format", "A key is printable ASCII.");
                    continue;
                }

                var start = json.ValueStart;
                draft = PlaceParser.Parse(ref json, defaultPsp);
                hash = PayloadHash.Of(utf8[start..json.Consumed]);
            }

            json.Require(seen, RowFields, 2);
        }

        json.End();
        return new BatchRow(key ?? "", draft!, hash, json.HasErrors ? Problem.Of(json.Errors) : null);
    }
}
