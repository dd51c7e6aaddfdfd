using System.CommandLine;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Millrace.Cli.Client;

internal enum OutputFormat
{
    Table = 1,
    Json = 2,
    Ndjson = 3,
}

/// <summary><c>-o table|json|ndjson</c>: how an answer is shown, always on standard output.</summary>
internal sealed class Output
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Option<string> _option = new("--output", "-o")
    {
        Description = "table, json or ndjson",
        DefaultValueFactory = _ => "table",
    };

    public Output() => _option.AcceptOnlyFromAmong("table", "json", "ndjson");

    public void AddTo(Command command) => command.Options.Add(_option);

    public OutputFormat Of(ParseResult arguments) => arguments.GetValue(_option) switch
    {
        "json" => OutputFormat.Json,
        "ndjson" => OutputFormat.Ndjson,
        _ => OutputFormat.Table,
    };

    public void WriteOne(ParseResult arguments, JsonElement value) => Write(arguments, new Shown.One(value));

    public void WriteMany(ParseResult arguments, IReadOnlyList<JsonElement> values, params string[] columns) => Write(arguments, new Shown.Many(values, columns));

    public void Write(ParseResult arguments, Shown shown)
    {
        var (format, writer) = (Of(arguments), arguments.InvocationConfiguration.Output);
        if (format == OutputFormat.Table && shown is Shown.One { Value.ValueKind: JsonValueKind.Undefined })
            // It was done, and there is nothing to say of it.
            arguments.InvocationConfiguration.Error.WriteLine("Done.");
        else if (format == OutputFormat.Table)
            Terminal.To(writer).Write(TableOf(shown));
        else if (format == OutputFormat.Json)
            writer.WriteLine(ToText(shown is Shown.Many many ? JsonSerializer.SerializeToElement(many.Rows) : ((Shown.One)shown).Value, Indented));
        else
            Lines(shown).ForEach(writer.WriteLine);
    }

    /// <summary>Each object as a line of JSON.</summary>
    public static List<string> Lines(Shown shown) =>
        [.. (shown is Shown.Many many ? many.Rows : [((Shown.One)shown).Value]).Select(value => ToText(value, OneLine))];

    private static Table TableOf(Shown shown)
    {
        if (shown is Shown.Many many)
        {
            var rows = Terminal.NewTable(null, many.Columns);
            foreach (var value in many.Rows)
                rows.AddText([.. many.Columns.Select(column => Cell(value, column.TrimEnd('#')))]);
            return rows;
        }

        var table = Terminal.NewTable(null, "field", "value");
        if (((Shown.One)shown).Value is { ValueKind: JsonValueKind.Object } one)
        {
            foreach (var field in one.EnumerateObject())
                table.AddText(field.Name, Words(field.Value));
        }

        return table;
    }

    private static string Cell(JsonElement value, string column)
    {
        JsonElement? found = value;
        foreach (var name in column.Split('.'))
            found = found?.Find(name);
        return found is { } cell ? Words(cell) : "";
    }

    // Nested values on one line: a person sees that they are there, and -o json shows them well.
    private static string Words(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "",
        _ => ToText(value, OneLine),
    };

    private static string ToText(JsonElement value, JsonWriterOptions options)
    {
        if (value.ValueKind == JsonValueKind.Undefined)
            return "null";
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, options))
            value.WriteTo(writer);
        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
