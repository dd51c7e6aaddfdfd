using System.CommandLine;
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

/// <summary><c>-o table|json|ndjson</c>: how an answer of the server is shown.</summary>
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

    /// <summary>One object: its JSON, or two columns of its plain fields.</summary>
    public void WriteOne(ParseResult arguments, JsonElement value)
    {
        if (Of(arguments) != OutputFormat.Table)
        {
            WriteJson(value, Of(arguments));
            return;
        }

        var table = Terminal.NewTable(null, "field", "value");
        if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (var field in value.EnumerateObject())
                table.AddText(field.Name, Words(field.Value));
        }

        Terminal.Out.Write(table);
    }

    /// <summary>Many objects: an array, a line each, or a row each with the named fields.</summary>
    public void WriteMany(ParseResult arguments, IReadOnlyList<JsonElement> values, params string[] columns)
    {
        switch (Of(arguments))
        {
            case OutputFormat.Json:
                WriteJson(JsonSerializer.SerializeToElement(values), OutputFormat.Json);
                break;
            case OutputFormat.Ndjson:
                foreach (var value in values)
                    WriteJson(value, OutputFormat.Ndjson);
                break;
            default:
                var table = Terminal.NewTable(null, columns);
                foreach (var value in values)
                    table.AddText([.. columns.Select(column => value.Find(column.TrimEnd('#')) is { } cell ? Words(cell) : "")]);
                Terminal.Out.Write(table);
                break;
        }
    }

    // Nested values on one line: a person sees that they are there, and -o json shows them well.
    private static string Words(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.Null => "",
        _ => ToText(value, OneLine),
    };

    private static void WriteJson(JsonElement value, OutputFormat format) =>
        Console.Out.WriteLine(ToText(value, format == OutputFormat.Json ? Indented : OneLine));

    private static string ToText(JsonElement value, JsonWriterOptions options)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, options))
            value.WriteTo(writer);
        return System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
