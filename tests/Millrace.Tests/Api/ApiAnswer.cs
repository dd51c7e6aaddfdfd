using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Api.Documentation;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>An answer, read whole.</summary>
public sealed record ApiAnswer(int Status, string Body, string? MediaType, Dictionary<string, string> Headers)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public JsonNode this[string name] => JsonNode.Parse(Body)![name]!;

    public string? Header(string name) => Headers.GetValueOrDefault(name.ToLowerInvariant());

    public static async Task<ApiAnswer> ReadAsync(HttpResponseMessage response)
    {
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString(), StringComparer.Ordinal);
        return new ApiAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(),
            response.Content.Headers.ContentType?.MediaType, headers);
    }

    /// <summary>Asserts a problem document with this status and code.</summary>
    internal ProblemShape Problem(int status, string code)
    {
        Assert.Equal((status, "application/problem+json"), (Status, MediaType));
        var problem = JsonSerializer.Deserialize<ProblemShape>(Body, Json)!;
        Assert.Equal((status, code, "https://millrace.dev/problems/" + code), (problem.Status, problem.Code, problem.Type));
        Assert.NotEmpty(problem.TraceId);
        Assert.Equal(problem.TraceId, Header("Request-Id"));
        return problem;
    }
}
