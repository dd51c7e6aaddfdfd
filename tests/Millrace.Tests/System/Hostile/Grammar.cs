using System.Text.Json.Nodes;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>What exists on the server for one worker of the fuzz to refer to; grows with what it makes.</summary>
internal sealed class World
{
    public List<string> Orders { get; } = [];

    public List<string> Skus { get; } = [];

    public List<string> Keys { get; } = [];

    public List<string> Jobs { get; } = [];

    public List<string> Webhooks { get; } = [];

    public List<string> Cursors { get; } = [];
}

/// <summary>Makes values that the contract allows. A field's name says more than its schema: a SKU should mostly be one that exists.</summary>
internal sealed class Grammar(Contract contract, Random random, World world)
{
    private const int MostElements = 3;
    private int _number;

    /// <summary>Not used before.</summary>
    public string Unique(string prefix) => $"{prefix}-{random.Next():x8}-{_number++}";

    public T Pick<T>(IReadOnlyList<T> of) => of[random.Next(of.Count)];

    public JsonNode? Value(JsonNode schema, string name)
    {
        schema = contract.Resolve(schema);
        if (Known(name) is { } known)
            return known;
        if (schema["enum"] is JsonArray values)
            return Pick([.. values])?.DeepClone();
        return Type(schema) switch
        {
            "object" => Object(schema),
            "array" => new JsonArray([.. Enumerable.Range(0, random.Next(1, MostElements + 1)).Select(_ => Value(schema["items"]!, name.TrimEnd('s')))]),
            "integer" or "number" => random.Next(0, 1_000),
            "boolean" => random.Next(2) == 0,
            _ => Unique(name),
        };
    }

    /// <summary>For a parameter of the path, the query or a header.</summary>
    public string Parameter(string name) => name switch
    {
        "id" => Pick(world.Orders),
        "sku" => Pick(world.Skus),
        "key" => Pick(world.Keys),
        "webhook" => world.Webhooks.Count > 0 ? Pick(world.Webhooks) : "whk_000000000000",
        "outcome" => "failed",
        "job" => world.Jobs.Count > 0 ? Pick(world.Jobs) : "job_00000000000000000000000000000000",
        "hold" => "hold_0000000000000000",
        "tenant" => "other",
        "backup" or "name" => "psp",
        "status" => Pick(["pending", "confirmed", "completed", "rejected", "expired", "canceled"]),
        "created_after" or "as_of" => "2026-01-31T12:00:00Z",
        "attention" => "true",
        "limit" => "20",
        "after" => "0",
        "cursor" => world.Cursors.Count > 0 ? Pick(world.Cursors) : "none",
        "Idempotency-Key" => Unique("fuzz"),
        "If-Match" => Pick(["*", "\"2\"", "\"4\""]),
        "If-None-Match" => Pick(["*", "\"2\""]),
        "Prefer" => Pick(["respond-async", "wait=0"]),
        "Request-Timeout" => "10",
        "Psp-Signature" => "t=1,v1=00",
        _ => "1",
    };

    private JsonObject Object(JsonNode schema)
    {
        var made = new JsonObject();
        var required = (schema["required"]?.AsArray() ?? []).Select(name => (string)name!).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, property) in schema["properties"]?.AsObject() ?? [])
        {
            if (required.Contains(name) || random.Next(3) == 0)
                made[name] = Value(property!, name);
        }

        if (schema["additionalProperties"] is JsonObject others)
            made[Unique("m")] = Value(others, "note");
        return made;
    }

    private JsonNode? Known(string name) => name switch
    {
        "sku" => Pick(world.Skus),
        "currency" => "EUR",
        "country" => "DE",
        "quantity" => random.Next(1, 3),
        "scopes" => new JsonArray("orders:read"),
        "scope" => "orders:read",
        // Nobody's name.
        "url" => $"https://{Unique("shop")}.invalid/",
        "events" => new JsonArray("order.confirmed.v1"),
        "event_id" => "1:2:3",
        "from" or "until" => "2026-01-31T12:00:00Z",
        "expires_at" => "2090-01-01T00:00:00Z",
        "token" => "tok_visa",
        "psp" => "psp",
        "kind" => "fraud",
        "expected_total" => null,
        "reservation_ttl_s" => 86_400,
        "per_second" or "burst" => 1_000_000,
        "location" => "main",
        _ => null,
    };

    private static string Type(JsonNode schema) => schema["type"] switch
    {
        JsonArray several => several.Select(type => (string)type!).First(type => type != "null"),
        JsonValue one => (string)one!,
        _ => "string",
    };
}
