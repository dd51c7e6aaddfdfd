using System.Globalization;
using System.Text.Json.Nodes;

namespace Millrace.Tests.OpenApi;

/// <summary>An operation of the document.</summary>
internal sealed record Operation(string Method, string Path, JsonObject Json)
{
    private string[] Segments { get; } = Path.Split('/');

    public string Id => (string)Json["operationId"]!;

    public IEnumerable<JsonObject> Parameters => Json["parameters"]?.AsArray().Select(parameter => parameter!.AsObject()) ?? [];

    public IEnumerable<string> Named(string place) => Parameters.Where(parameter => (string)parameter["in"]! == place).Select(parameter => (string)parameter["name"]!);

    public IEnumerable<(int Status, JsonNode Response)> Responses =>
        Json["responses"]!.AsObject().Select(response => (int.Parse(response.Key, CultureInfo.InvariantCulture), Contract.Resolve(response.Value!)));

    public JsonNode? Response(int status) =>
        Json["responses"]![status.ToString(CultureInfo.InvariantCulture)] is { } response ? Contract.Resolve(response) : null;

    /// <summary>Examples of the body; none when there is no body.</summary>
    public IReadOnlyList<JsonNode> BodyExamples => Examples(Json["requestBody"]?["content"]?["application/json"]);

    public bool IsAt(string path)
    {
        var segments = path.Split('?')[0].Split('/');
        return segments.Length == Segments.Length && Segments.Zip(segments).All(pair => pair.First.StartsWith('{') ? pair.Second.Length > 0 : pair.First == pair.Second);
    }

    public static IReadOnlyList<JsonNode> Examples(JsonNode? content) =>
        content?["examples"]?.AsObject().Select(example => Contract.Resolve(example.Value!)["value"]!).ToList() ?? [];
}
