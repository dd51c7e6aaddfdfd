using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Millrace.Api.Idempotency;
using Millrace.Api.Problems;

namespace Millrace.Api.Documentation;

/// <summary>The answers of an endpoint: what it gives, and every way in which it refuses.</summary>
internal static class Responses
{
    public static OpenApiResponses Of(EndpointDocument doc, Microsoft.OpenApi.OpenApiDocument document)
    {
        var responses = new OpenApiResponses();
        foreach (var status in doc.Statuses)
            responses[Text(status)] = Success(doc, status, document);
        foreach (var kinds in EndpointProblems.Of(doc).GroupBy(kind => kind.Status))
            responses[Text(kinds.Key)] = Refusal(doc, [.. kinds], document);
        return responses;
    }

    private static OpenApiMediaType Page => new()
    {
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
        Examples = new Dictionary<string, IOpenApiExample>(StringComparer.Ordinal) { ["page"] = new OpenApiExample { Value = JsonValue.Create("<!doctype html>…") } },
    };

    private static OpenApiResponse Success(EndpointDocument doc, int status, Microsoft.OpenApi.OpenApiDocument document)
    {
        var response = new OpenApiResponse
        {
            Description = ReasonPhrases.GetReasonPhrase(status),
            Headers = Headers(doc, [.. doc.AnswerHeaders, .. doc.Takes(IdempotencyKey.HeaderName) ? [IdempotencyKey.ReplayedHeaderName] : (string[])[]], document),
        };
        if (doc.Answer is not null && status != StatusCodes.Status304NotModified)
        {
            response.Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/json"] = new() { Schema = Schemas.Of(doc.Answer, document), Examples = Examples.Of(doc.Answer, document) },
            };
            if (doc.IsAlsoPage)
                response.Content["text/html"] = Page;
        }

        if (doc.StreamOf is not null)
        {
            response.Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["text/event-stream"] = new() { Schema = Schemas.Of(doc.StreamOf, document), Examples = Examples.Of(doc.StreamOf, document) },
            };
        }

        return response;
    }

    // A status that says one thing is the same everywhere.
    private static IOpenApiResponse Refusal(EndpointDocument doc, ProblemKind[] kinds, Microsoft.OpenApi.OpenApiDocument document)
    {
        if (kinds is not [{ } only] || doc.IsOpen)
            return Refusal(doc, kinds[0].Status, kinds, document);
        document.AddComponent<IOpenApiResponse>(only.Code, Refusal(doc, only.Status, kinds, document));
        return new OpenApiResponseReference(only.Code, document);
    }

    private static OpenApiResponse Refusal(EndpointDocument doc, int status, ProblemKind[] kinds, Microsoft.OpenApi.OpenApiDocument document) => new()
    {
        Description = string.Join('\n', kinds.Select(kind => $"- `{kind.Code}`: {kind.Title}.")),
        Headers = Headers(doc, status switch
        {
            401 => ["WWW-Authenticate"],
            429 or 503 => ["Retry-After"],
            _ => [],
        }, document, isKnownCaller: status != 401),
        Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
        {
            ["application/problem+json"] = new() { Schema = OneOf(kinds, document), Examples = Examples.Of(kinds, document) },
        },
    };

    private static OpenApiSchema OneOf(ProblemKind[] kinds, Microsoft.OpenApi.OpenApiDocument document) => new()
    {
        AllOf =
        [
            Schemas.Of(typeof(ProblemShape), document),
            new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Properties = new Dictionary<string, IOpenApiSchema>(StringComparer.Ordinal)
                {
                    ["code"] = new OpenApiSchema { Type = JsonSchemaType.String, Enum = [.. kinds.Select(kind => (JsonNode)JsonValue.Create(kind.Code)!)] },
                },
            },
        ],
    };

    private static Dictionary<string, IOpenApiHeader> Headers(EndpointDocument doc, string[] own, Microsoft.OpenApi.OpenApiDocument document, bool isKnownCaller = true)
    {
        string[] ofAll = !doc.IsOpen && isKnownCaller ? ["Request-Id", "RateLimit-Policy", "RateLimit"] : ["Request-Id"];
        return own.Concat(ofAll).ToDictionary(name => name, name => AnswerHeaders.Of(name, document), StringComparer.Ordinal);
    }

    private static string Text(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
