using System.Text.Json;

namespace Millrace.Cli.Client;

/// <summary>Reads answers of a server that may be newer or older than this program: what is not there is null.</summary>
internal static class JsonElementReading
{
    /// <summary>The property as words; null when it is absent, null, an object or an array.</summary>
    public static string? Text(this JsonElement json, string name) => json.Find(name) switch
    {
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { ValueKind: JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False } value => value.GetRawText(),
        _ => null,
    };

    public static JsonElement? Find(this JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
}
