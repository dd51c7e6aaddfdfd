using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Millrace.Api.Keys;

namespace Millrace.Api.Documentation;

/// <summary>Completes the OpenAPI 3.1 document: handlers read requests by hand, so the framework cannot see their parameters.</summary>
internal static partial class OpenApiDocument
{
    private const string SecurityScheme = "api_key";

    public static void Configure(OpenApiOptions options)
    {
        options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
        // Keeps the names of shapes out of the contract's way: OrderShape is shown as Order.
        options.CreateSchemaReferenceId = type =>
            OpenApiOptions.CreateDefaultSchemaReferenceId(type)?.Replace("Shape", "", StringComparison.Ordinal);
        options.AddDocumentTransformer((document, _, _) => Describe(document));
        options.AddOperationTransformer(DescribeAsync);
    }

    private static Task Describe(Microsoft.OpenApi.OpenApiDocument document)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Millrace",
            Version = "v1",
            Description = "Orders in, durable, through stock and payment, to confirmed. Errors are problem documents (RFC 9457).",
        };
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>(StringComparer.Ordinal);
        document.Components.SecuritySchemes[SecurityScheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = "bearer",
            Description = "An API key, such as mr_live_…",
        };
        return Task.CompletedTask;
    }

    private static async Task DescribeAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<EndpointDocument>().FirstOrDefault() is not { } doc)
            return;
        operation.OperationId = doc.Name;
        operation.Summary = doc.Summary;
        operation.Parameters =
        [
            .. PathParameter().Matches(context.Description.RelativePath ?? "").Select(m => Parameter(m.Groups["name"].Value, ParameterLocation.Path, null, true)),
            .. doc.Query.Select(q => Parameter(q.Name, ParameterLocation.Query, q.Description, false)),
            .. doc.Headers.Select(h => Parameter(h.Name, ParameterLocation.Header, h.Description, h.IsRequired)),
        ];
        if (doc.Body is not null)
            operation.RequestBody = await BodyAsync(doc, context, cancellation);
        if (doc.Scope == Scopes.None)
            return;
        operation.Description = $"Scope: {string.Join(' ', ScopeNames.Of(doc.Scope))}.";
        operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(SecurityScheme, context.Document)] = [] }];
    }

    private static OpenApiParameter Parameter(string name, ParameterLocation place, string? description, bool isRequired) => new()
    {
        Name = name,
        In = place,
        Description = description,
        Required = isRequired,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };

    private static async Task<OpenApiRequestBody> BodyAsync(
        EndpointDocument doc, OpenApiOperationTransformerContext context, CancellationToken cancellation)
    {
        var schema = await context.GetOrCreateSchemaAsync(doc.Body!, cancellationToken: cancellation);
        var body = new OpenApiRequestBody
        {
            Required = !doc.IsBodyOptional,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/json"] = new() { Schema = doc.TakesLines ? new OpenApiSchema { Type = JsonSchemaType.Array, Items = schema } : schema },
            },
        };
        if (doc.TakesLines)
            body.Content["application/x-ndjson"] = new OpenApiMediaType { Schema = schema };
        return body;
    }

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PathParameter();
}
