using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Millrace.Api.Keys;

namespace Millrace.Api.Documentation;

/// <summary>Makes the OpenAPI 3.1 document: handlers read requests by hand, so the framework sees only their addresses.</summary>
internal static partial class OpenApiDocument
{
    // Part of the contract, and what a test of access looks for.
    private const string KeyScheme = "api_key";
    private const string SignatureScheme = "psp_signature";

    private static readonly (string Name, string Description)[] Tags =
    [
        ("orders", "Placing orders, following them, and changing what becomes of them."),
        ("events", "What happens to orders, for other programs."),
        ("jobs", "Doing something with every order that matches a query."),
        ("webhooks", "Where the tenant is told of events."),
        ("items", "The catalog, and what can be sold of it."),
        ("stock", "Units on hand."),
        ("api keys", "The tenant's API keys."),
        ("audit", "Who did what, in a chain of hashes."),
        ("limits", "How much a tenant may ask for."),
        ("cluster", "Nodes and partitions."),
        ("operations", "Backups, and payment providers that are paused."),
        ("reconciliation", "Whether what orders have booked is what the payment provider did."),
        ("tracking", "How far an order is, for the public: without a key."),
        ("health", "Probes, without a key."),
        ("psp", "What payment service providers call."),
        ("bench", "For benchmarks."),
    ];

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        options.AddDocumentTransformer((document, _, _) => Describe(document));
        options.AddOperationTransformer((operation, context, _) => Describe(operation, context));
    }

    private static Task Describe(Microsoft.OpenApi.OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Millrace",
            Version = "v1",
            Description = "Orders in, durable, through stock and payment, to confirmed. Errors are problem documents (RFC 9457) with a stable `code`. "
                + "What is no HTTP, or has headers that are too large, is answered with 400 or 431 before an operation sees it.",
        };
        document.Servers = [new OpenApiServer { Url = "/", Description = "Where this document is served." }];
        document.Tags = Tags.Where(tag => document.Tags?.Any(used => used.Name == tag.Name) == true)
            .Select(tag => new OpenApiTag { Name = tag.Name, Description = tag.Description }).ToHashSet();
        document.AddComponent<IOpenApiSecurityScheme>(KeyScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key, such as mr_live_…, or a token of the issuer that the server was told to accept.",
        });
        document.AddComponent<IOpenApiSecurityScheme>(SignatureScheme, new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.ApiKey,
            In = ParameterLocation.Header,
            Name = "Psp-Signature",
            Description = "t=<unix seconds>,v1=<hex HMAC-SHA256 of \"t.body\" under the shared secret>; not more than five minutes old.",
        });
        document.Webhooks = WebhookDocument.Of(document);
        return Task.CompletedTask;
    }

    private static Task Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<EndpointDocument>().FirstOrDefault() is not { } doc)
            return Task.CompletedTask;
        var document = context.Document!;
        operation.OperationId = doc.Name;
        operation.Summary = doc.Summary;
        operation.Description = Words(doc);
        operation.Parameters =
        [
            .. PathParameter().Matches(context.Description.RelativePath ?? "").Select(m => Parameters.OfPath(m.Groups["name"].Value)),
            .. doc.Query.Select(q => Parameters.Of(doc.Tag, q.Name, ParameterLocation.Query, q.Description, isRequired: false)),
            .. doc.Headers.Select(h => Parameters.Of(doc.Tag, h.Name, ParameterLocation.Header, h.Description, h.IsRequired)),
        ];
        operation.RequestBody = doc.Body is null ? null : Body(doc, document);
        operation.Responses = Responses.Of(doc, document);
        operation.Security = [Security(doc, document)];
        return Task.CompletedTask;
    }

    private static string? Words(EndpointDocument doc)
    {
        var scope = doc.IsOpen ? null : doc.Scope == Scopes.None ? "Scope: any." : $"Scope: {string.Join(' ', ScopeNames.Of(doc.Scope))}.";
        return scope is null || doc.Details is null ? scope ?? doc.Details : $"{scope} {doc.Details}";
    }

    // An empty requirement is met by everybody.
    private static OpenApiSecurityRequirement Security(EndpointDocument doc, Microsoft.OpenApi.OpenApiDocument document)
    {
        if (!doc.IsOpen)
            return new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(KeyScheme, document)] = [] };
        return doc.Takes("Psp-Signature") ? new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SignatureScheme, document)] = [] } : [];
    }

    private static OpenApiRequestBody Body(EndpointDocument doc, Microsoft.OpenApi.OpenApiDocument document)
    {
        var schema = Schemas.Of(doc.Body!, document);
        var body = new OpenApiRequestBody { Required = !doc.IsBodyOptional, Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal) };
        if (!doc.TakesLines)
        {
            body.Content["application/json"] = new OpenApiMediaType { Schema = schema, Examples = Examples.Of(doc.Body!, document) };
            return body;
        }

        body.Content["application/json"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema }, Examples = Examples.OfArray(doc.Body!, document),
        };
        body.Content["application/x-ndjson"] = new OpenApiMediaType { Schema = schema, Examples = Examples.Of(doc.Body!, document) };
        return body;
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathParameter();
}
