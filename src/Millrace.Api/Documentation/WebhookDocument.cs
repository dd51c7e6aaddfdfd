using Microsoft.OpenApi;
using Millrace.Webhooks.Sending;

namespace Millrace.Api.Documentation;

/// <summary>What the OpenAPI document says of what we send, and of what a receiver may answer.</summary>
internal static class WebhookDocument
{
    private static readonly (string Name, string Description)[] Headers =
    [
        (WebhookSignature.IdHeader, "The event's id: the same whenever it comes again."),
        (WebhookSignature.TimestampHeader, "When it is sent, in Unix seconds. A receiver refuses what is more than five minutes from its own time."),
        (WebhookSignature.SignatureHeader, "v1, and the base64 of the HMAC-SHA256 of id.timestamp.body under the endpoint's secret; two, separated by a space, while the secret is rotated."),
    ];

    public static Dictionary<string, IOpenApiPathItem> Of(Microsoft.OpenApi.OpenApiDocument document) => new(StringComparer.Ordinal)
    {
        ["order_event"] = new OpenApiPathItem { Operations = new Dictionary<HttpMethod, OpenApiOperation> { [HttpMethod.Post] = Operation(document) } },
    };

    private static OpenApiOperation Operation(Microsoft.OpenApi.OpenApiDocument document) => new()
    {
        OperationId = "receive_order_event",
        Summary = "An event of one of the tenant's orders",
        Description = "Signed as Standard Webhooks 1.0 says. An order's events come one after another, in its order: the next comes when the one before was taken, or has failed for good. "
            + "An event may come more than once. docs/webhooks.md.",
        Parameters = [.. Headers.Select(header => (IOpenApiParameter)Parameters.Of("webhooks", header.Name, ParameterLocation.Header, header.Description, isRequired: true))],
        RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>(StringComparer.Ordinal)
            {
                ["application/cloudevents+json"] = new() { Schema = Schemas.Of(typeof(CloudEventShape), document), Examples = Examples.Of(typeof(CloudEventShape), document) },
            },
        },
        Responses = new OpenApiResponses
        {
            ["2XX"] = new OpenApiResponse { Description = "It was taken." },
            ["410"] = new OpenApiResponse { Description = "Nothing shall come here any more: the endpoint is stopped until it is put again." },
            ["default"] = new OpenApiResponse { Description = "It comes again: after 5 seconds at first, ten times in three days, not before Retry-After. A redirect is not followed." },
        },
    };
}
