using System.Text.Json.Nodes;
using Microsoft.OpenApi;

namespace Millrace.Api.Documentation;

/// <summary>What parameters look like. Their values are read by hand: tests hold both together.</summary>
internal static class Parameters
{
    private static readonly string[] OrderStatuses = ["pending", "confirmed", "completed", "rejected", "expired", "canceled"];

    private static readonly string[] BreakStates = ["open", "closed", "all"];

    private static readonly string[] AttemptOutcomes = ["delivered", "waiting", "failed"];

    private static readonly Dictionary<string, string> OfPaths = new(StringComparer.Ordinal)
    {
        ["id"] = "The order's id.",
        ["hold"] = "The hold's id, as the order shows it.",
        ["sku"] = "The item's SKU.",
        ["key"] = "The API key's id; not its text.",
        ["tenant"] = "The tenant's name.",
        ["name"] = "The node's or the provider's name.",
        ["token"] = "The last part of the order's tracking_url.",
        ["backup"] = "The backup's id.",
        ["job"] = "The job's id.",
        ["break"] = "The break's id.",
        ["webhook"] = "The webhook endpoint's id.",
    };

    public static OpenApiParameter OfPath(string name) => Of("", name, ParameterLocation.Path, OfPaths.GetValueOrDefault(name), isRequired: true);

    public static OpenApiParameter Of(string tag, string name, ParameterLocation place, string? description, bool isRequired) => new()
    {
        Name = name,
        In = place,
        Description = description,
        Required = isRequired,
        Schema = description?.StartsWith("*:", StringComparison.Ordinal) == true ? Text(null, "*") : Schema(tag, name),
    };

    private static OpenApiSchema Schema(string tag, string name) => name switch
    {
        "limit" => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "200", Default = 50 },
        "seconds" => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "3600", Default = 60 },
        "step" => new() { Type = JsonSchemaType.Integer, Minimum = "1", Maximum = "60", Default = 1 },
        "after" when tag == "events" => Text(null, "now"),
        "type" => Text(null, "order.confirmed.v1,order.closed.v1"),
        "version" => new() { Type = JsonSchemaType.Integer, Format = "int32", Minimum = "1" },
        "share" => Text(null, "1/4"),
        "after" => new() { Type = JsonSchemaType.Integer, Format = "int64", Minimum = "0" },
        "outcome" => new() { Type = JsonSchemaType.String, Enum = [.. AttemptOutcomes.Select(outcome => JsonValue.Create(outcome)!)] },
        "state" => new() { Type = JsonSchemaType.String, Enum = [.. BreakStates.Select(state => JsonValue.Create(state)!)] },
        "attention" or "dismissed" => new() { Type = JsonSchemaType.Boolean },
        "attention_code" => Text(64, "payment_unknown"),
        "created_after" or "as_of" => new() { Type = JsonSchemaType.String, Format = "date-time" },
        "status" => new() { Type = JsonSchemaType.String, Enum = [.. OrderStatuses.Select(status => JsonValue.Create(status)!)] },
        "Request-Timeout" => new() { Type = JsonSchemaType.Number, Minimum = "0.001", Maximum = "3600" },
        "Idempotency-Key" => Text(255, "5f0c8e7a-order-1001"),
        "Prefer" => Text(null, "wait=10"),
        "If-Match" or "If-None-Match" => Text(null, "\"7\""),
        "Consistency-Token" => Text(null, "ord_06F6JZ1M9G3XW0H4K2QN8T5R7C.7"),
        "Psp-Signature" => Text(null, "t=1769860800,v1=…"),
        "order" => Text(null, "ord_06F6JZ1M9G3XW0H4K2QN8T5R7C"),
        "idempotency_key" => Text(255, "5f0c8e7a-order-1001"),
        "customer" or "external_id" or "sku" or "prefix" => Text(64, null),
        _ => new() { Type = JsonSchemaType.String },
    };

    private static OpenApiSchema Text(int? maxLength, string? example) => new()
    {
        Type = JsonSchemaType.String,
        MaxLength = maxLength,
        Examples = example is null ? null : [JsonValue.Create(example)!],
    };
}
