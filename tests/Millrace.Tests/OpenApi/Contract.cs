using System.Text.Json.Nodes;
using Millrace.Tests.Api;
using Millrace.Tests.Architecture;
using Xunit;

namespace Millrace.Tests.OpenApi;

/// <summary>
/// The OpenAPI document that is checked in. What the tests' clients are answered is held to it, each answer of each test: its status, its problem's
/// code, its media type, every field, and the headers that a client may build on.
/// </summary>
internal static class Contract
{
    private static readonly Lazy<JsonObject> Read = new(() => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "docs", "openapi.json")))!.AsObject());
    private static readonly Lazy<Operation[]> All = new(() => [.. Document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
        .Select(operation => new Operation(operation.Key.ToUpperInvariant(), path.Key, operation.Value!.AsObject())))]);

    public static JsonObject Document => Read.Value;

    public static IReadOnlyList<Operation> Operations => All.Value;

    public static Operation Find(string id) => Operations.Single(operation => operation.Id == id);

    /// <summary>The node itself, or what it refers to.</summary>
    public static JsonNode Resolve(JsonNode node)
    {
        while (node is JsonObject own && own["$ref"] is { } reference)
            node = ((string)reference!).Split('/').Skip(1).Aggregate((JsonNode)Document, static (at, name) => at[name] ?? throw new InvalidDataException($"Nothing is at {name}."));
        return node;
    }

    /// <summary>Fails when the document does not tell of such an answer; what it does not know at all is not its business.</summary>
    public static void Hold(string method, string path, ApiAnswer answer)
    {
        // The document is being made anew.
        if (Environment.GetEnvironmentVariable("UPDATE_OPENAPI") == "1")
            return;
        // Kestrel itself, of what is no request or too large: before any operation, as the document says at its beginning.
        if (answer.Header("Request-Id") is null || answer.Status == 431)
            return;
        if (Operations.FirstOrDefault(operation => operation.Method == method && operation.IsAt(path)) is not { } operation)
            return;
        var where = $"docs/openapi.json (made from ApiRoutes), {operation.Id} {answer.Status}";
        Assert.True(operation.Response(answer.Status) is not null, $"{where}: there is no such answer. Got: {answer.Body}");
        var response = operation.Response(answer.Status)!;
        CheckHeaders(response["headers"]!.AsObject(), answer, where);
        var content = response["content"]?.AsObject();
        if (content is null || answer.Body.Length == 0)
        {
            Assert.True(content is null && answer.Body.Length == 0, $"{where}: has a body, or has none, against the document.");
            return;
        }

        Assert.True(content[answer.MediaType ?? ""] is not null, $"{where}: the media type is {answer.MediaType}.");
        if (answer.MediaType == "text/html")
            return;
        var faults = SchemaCheck.Faults(content[answer.MediaType!]!["schema"]!, JsonNode.Parse(answer.Body));
        Assert.True(faults.Count == 0, $"{where}: {string.Join("; ", faults)}. Got: {answer.Body}");
    }

    private static void CheckHeaders(JsonObject headers, ApiAnswer answer, string where)
    {
        foreach (var (name, header) in headers)
        {
            if ((bool?)Resolve(header!)["required"] == true)
                Assert.True(answer.Header(name) is not null, $"{where}: the header {name} is missing.");
        }

        foreach (var (name, _) in Document["components"]!["headers"]!.AsObject().Where(known => answer.Header(known.Key) is not null))
            Assert.True(headers.ContainsKey(name), $"{where}: the header {name} is not told of.");
    }
}
