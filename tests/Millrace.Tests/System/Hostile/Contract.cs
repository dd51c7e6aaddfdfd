using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Millrace.Tests.Architecture;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>What the checked-in documents promise: operations of the OpenAPI document, codes of the page of problems.</summary>
internal sealed partial class Contract
{
    private readonly JsonNode _schemas;

    private Contract(JsonNode document, IReadOnlySet<string> codes)
    {
        _schemas = document["components"]!["schemas"]!;
        Codes = codes;
        // A stream has no end, which is what each answer is waited for.
        Operations = [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject().Where(o => o.Value!["responses"]?["200"]?["content"]?["text/event-stream"] is null)
            .Select(o => new Operation(o.Key.ToUpperInvariant(), path.Key, o.Value!)))];
    }

    /// <summary>Those with a body several times: there is more to be wrong with them.</summary>
    public IReadOnlyList<Operation> Weighted => [.. Operations.SelectMany(operation => Enumerable.Repeat(operation, operation.Body is null ? 1 : 4))];

    public IReadOnlyList<Operation> Operations { get; }

    public IReadOnlySet<string> Codes { get; }

    public static Contract Read()
    {
        var document = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "openapi.json")))!;
        var problems = File.ReadAllText(Path.Combine(Repository.Root, "docs", "problems.md"));
        return new Contract(document, ProblemHeading().Matches(problems).Select(m => m.Groups["code"].Value).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Follows a reference, and takes the first of several that is not null.</summary>
    public JsonNode Resolve(JsonNode schema)
    {
        if (schema["$ref"] is { } reference)
            return Resolve(_schemas[((string)reference!).Split('/')[^1]]!);
        foreach (var several in new[] { "oneOf", "anyOf", "allOf" })
        {
            if (schema[several] is JsonArray options)
                return Resolve(options.First(option => (string?)(option!["type"] as JsonValue)! != "null")!);
        }

        return schema;
    }

    [GeneratedRegex(@"^### (?<code>\w+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ProblemHeading();
}

/// <summary>One operation of the OpenAPI document.</summary>
internal sealed class Operation
{
    public Operation(string method, string path, JsonNode json)
    {
        (Method, Path, Id) = (method, path, (string)json["operationId"]!);
        foreach (var parameter in json["parameters"]?.AsArray() ?? [])
            ((string)parameter!["in"]! == "query" ? Query : Headers).Add((string)parameter["name"]!);
        Body = json["requestBody"]?["content"]?["application/json"]?["schema"];
        IsOpen = json["security"] is not JsonArray { Count: > 0 };
    }

    public string Method { get; }

    public string Path { get; }

    public string Id { get; }

    /// <summary>Needs no key.</summary>
    public bool IsOpen { get; }

    public List<string> Query { get; } = [];

    /// <summary>And the names of the path's parameters.</summary>
    public List<string> Headers { get; } = [];

    public JsonNode? Body { get; }

    public override string ToString() => $"{Method} {Path}";
}
