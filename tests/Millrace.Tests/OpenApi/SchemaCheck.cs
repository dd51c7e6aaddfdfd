using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Tests.OpenApi;

/// <summary>
/// JSON Schema, as far as the document uses it: a word that is not known here is an error and not passed over. Stricter than the standard in one
/// thing: a field that the schema does not name is a fault, since ours name all.
/// </summary>
internal static class SchemaCheck
{
    public static IReadOnlyList<string> Faults(JsonNode schema, JsonNode? value)
    {
        var faults = new List<string>();
        Check(schema, value, "", faults, isPart: false);
        return faults;
    }

    private static void Check(JsonNode node, JsonNode? value, string at, List<string> faults, bool isPart)
    {
        var schema = Contract.Resolve(node).AsObject();
        foreach (var (word, rule) in schema)
        {
            switch (word)
            {
                case "type": Need(Types(rule!).Contains(TypeOf(value)) || (TypeOf(value) == "integer" && Types(rule!).Contains("number")), $"is no {rule}"); break;
                case "enum": Need(value is null || rule!.AsArray().Any(allowed => JsonNode.DeepEquals(allowed, value)), $"'{value}' is none of {rule!.ToJsonString()}"); break;
                case "format": Need(value is null || HasFormat((string)rule!, value), $"'{value}' is no {rule}"); break;
                case "minimum": Need(value is null || (decimal)value >= (decimal)rule!, $"{value} is too small"); break;
                case "maximum": Need(value is null || (decimal)value <= (decimal)rule!, $"{value} is too large"); break;
                case "maxLength": Need(value is null || ((string)value!).Length <= (int)rule!, "is too long"); break;
                case "maxItems": Need(value is null || value.AsArray().Count <= (int)rule!, "has too many"); break;
                case "required" when value is JsonObject own:
                    foreach (var name in rule!.AsArray())
                        Need(own.ContainsKey((string)name!), $"lacks {name}");
                    break;
                case "properties" when value is JsonObject own:
                    foreach (var (name, inner) in rule!.AsObject().Where(property => own.ContainsKey(property.Key)))
                        Check(inner!, own[name], $"{at}/{name}", faults, isPart: false);
                    break;
                case "additionalProperties" when value is JsonObject own:
                    foreach (var (name, inner) in own)
                        Check(rule!, inner, $"{at}/{name}", faults, isPart: false);
                    break;
                case "items" when value is JsonArray list:
                    for (var i = 0; i < list.Count; i++)
                        Check(rule!, list[i], $"{at}/{i}", faults, isPart: false);
                    break;
                case "allOf":
                    foreach (var part in rule!.AsArray())
                        Check(part!, value, at, faults, isPart: true);
                    break;
                case "oneOf": Need(rule!.AsArray().Count(choice => Faults(choice!, value).Count == 0) == 1, $"is not one of what it may be: {value?.ToJsonString()}"); break;
                case "required" or "properties" or "additionalProperties" or "items" or "description" or "default" or "examples": break;
                default: throw new NotSupportedException($"The document uses the word {word}, which is not understood here.");
            }
        }

        if (!isPart && value is JsonObject fields && Known(schema) is { } known)
        {
            foreach (var name in fields.Select(field => field.Key).Where(name => !known.Contains(name)))
                faults.Add($"{at} has {name}, which is not told of");
        }

        void Need(bool isMet, string fault)
        {
            if (!isMet)
                faults.Add($"{at} {fault}");
        }
    }

    /// <summary>Names of all fields; null when any may be there.</summary>
    private static HashSet<string>? Known(JsonObject schema)
    {
        if (schema["allOf"] is { } parts)
            return parts.AsArray().Select(part => Known(Contract.Resolve(part!).AsObject())).Aggregate((all, more) => all is null || more is null ? null : [.. all, .. more]);
        if (schema.ContainsKey("oneOf") || schema.ContainsKey("additionalProperties") || !schema.ContainsKey("type"))
            return null;
        return schema["properties"]?.AsObject().Select(property => property.Key).ToHashSet() ?? [];
    }

    private static IEnumerable<string> Types(JsonNode rule) => rule is JsonArray many ? many.Select(type => (string)type!) : [(string)rule!];

    private static string TypeOf(JsonNode? value) => value?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "null",
        JsonValueKind.Object => "object",
        JsonValueKind.Array => "array",
        JsonValueKind.String => "string",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        _ => value.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E') ? "number" : "integer",
    };

    private static bool HasFormat(string format, JsonNode value) => format switch
    {
        "int32" => int.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        "int64" => long.TryParse(value.ToJsonString(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _),
        "double" => double.TryParse(value.ToJsonString(), NumberStyles.Float, CultureInfo.InvariantCulture, out _),
        "date-time" => DateTimeOffset.TryParse((string?)value, CultureInfo.InvariantCulture, DateTimeStyles.None, out _),
        _ => throw new NotSupportedException($"The document uses the format {format}, which is not understood here."),
    };
}
