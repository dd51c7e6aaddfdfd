using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using Millrace.Api.Idempotency;
using Millrace.Api.Orders;

namespace Millrace.Api.Documentation;

/// <summary>The headers of answers that a client may build on.</summary>
internal static class AnswerHeaders
{
    private sealed record Row(string Name, string Example, bool IsAlways, string Description);

    private static readonly Row[] Rows =
    [
        new("Request-Id", "0HNPIV5J1KQ0V:00000001", true, "Names this request in the server's log."),
        new("RateLimit-Policy", "\"key\";q=100000;w=2, \"tenant\";q=100000;w=2", false, "The limits that hold: q requests at once, which are there again after w seconds."),
        new("RateLimit", "\"key\";r=99999;t=1", false, "The limit that is nearest to its end: r requests are left, all are there again in t seconds."),
        new("Retry-After", "1", true, "Seconds after which the same request may be sent again."),
        new("WWW-Authenticate", "Bearer realm=\"millrace\"", true, "RFC 6750."),
        new("ETag", "\"7\"", true, "The version, for If-None-Match and If-Match."),
        new("Location", "/v1/orders/ord_06F6JZ1M9G3XW0H4K2QN8T5R7C", true, "Where it is."),
        new("Link", "</v1/orders?cursor=AbC>; rel=\"next\"", false, "The next page, when there is one."),
        new("Preference-Applied", "wait=10", false, "What of Prefer was followed."),
        new(IdempotencyKey.ReplayedHeaderName, "true", false, "The server had done this under the same key before: this is the first answer again."),
        new(ConsistencyToken.HeaderName, "ord_06F6JZ1M9G3XW0H4K2QN8T5R7C.7", true, "What was seen of the order, for lists that must not be older."),
    ];

    public static IEnumerable<string> All => Rows.Select(row => row.Name);

    /// <summary>A reference to the header, which is added to the components when it is not there yet.</summary>
    public static IOpenApiHeader Of(string name, Microsoft.OpenApi.OpenApiDocument document)
    {
        var row = Array.Find(Rows, r => r.Name == name) ?? throw new InvalidOperationException($"The header {name} of an answer is not described.");
        document.AddComponent(name, new OpenApiHeader
        {
            Description = row.Description,
            Required = row.IsAlways,
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, Examples = [JsonValue.Create(row.Example)!] },
        });
        return new OpenApiHeaderReference(name, document);
    }
}
