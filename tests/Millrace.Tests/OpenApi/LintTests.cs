using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Millrace.Api.Problems;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.OpenApi;

/// <summary>The rules that the OpenAPI document keeps.</summary>
public sealed partial class LintTests
{
    // Nobody's operation answers with these: the address or the bytes were none, or a rule has no code of its own, which another test excludes.
    private static readonly string[] OfNoOperation = ["headers_too_large", "method_not_allowed"];

    public static TheoryData<string> Ids => [.. Contract.Operations.Select(operation => operation.Id)];

    [Fact]
    public void There_is_a_document() => Assert.InRange(Contract.Operations.Count, 30, 1_000);

    [Fact]
    public void Ids_are_unique() => Assert.Equal(Contract.Operations.Count, Contract.Operations.Select(operation => operation.Id).Distinct().Count());

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_operation_says_what_it_is_and_who_may_call_it(string id)
    {
        var operation = Contract.Find(id);
        Assert.Matches(SnakeCase(), id);
        Assert.NotEmpty((string)operation.Json["summary"]!);
        var tags = Contract.Document["tags"]!.AsArray();
        Assert.Contains(tags, tag => (string)tag!["name"]! == (string)Assert.Single(operation.Json["tags"]!.AsArray())! && ((string)tag["description"]!).Length > 0);
        var security = Assert.Single(operation.Json["security"]!.AsArray())!.AsObject();
        Assert.All(security, scheme => Assert.NotNull(Contract.Document["components"]!["securitySchemes"]![scheme.Key]));
        // Without credentials there are probes, and what has them in its address.
        Assert.Equal(security.Count == 0, operation.Path.EndsWith('z') || id == "track_order");
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_parameter_is_described_and_every_part_of_the_path_is_one(string id)
    {
        var operation = Contract.Find(id);
        Assert.All(operation.Parameters, parameter => Assert.True(parameter["description"] is not null && parameter["schema"]?["type"] is not null, $"{id}: {parameter["name"]}"));
        Assert.Equal(PathPart().Matches(operation.Path).Select(part => part.Groups["name"].Value), operation.Named("path"));
        if (operation.Method == "POST" && operation.Json["security"]![0]!["api_key"] is not null && id != "place_orders")
            Assert.Contains("Idempotency-Key", operation.Named("header"));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Every_refusal_is_a_problem_with_codes_of_its_status(string id)
    {
        var operation = Contract.Find(id);
        var refusals = operation.Responses.Where(response => response.Status >= 400).ToList();
        if (operation.Json["security"]![0]!.AsObject().Count > 0)
            Assert.Contains(refusals, refusal => refusal.Status is >= 400 and < 500);
        foreach (var (status, response) in refusals)
        {
            Assert.Equal("application/problem+json", Assert.Single(response["content"]!.AsObject()).Key);
            Assert.NotEmpty(Codes(response));
            Assert.All(Codes(response), code => Assert.True(ProblemKinds.TryGet(code, out var kind) && kind.Status == status, $"{id} {status} {code}"));
            Assert.Equal(status is 429 or 503, response["headers"]!.AsObject().ContainsKey("Retry-After"));
        }
    }

    [Fact]
    public void Every_problem_is_told_of_by_some_operation()
    {
        var told = Contract.Operations.SelectMany(operation => operation.Responses).Where(response => response.Status >= 400).SelectMany(response => Codes(response.Response));
        Assert.Equal(ProblemKinds.All.Select(kind => kind.Code).Except(OfNoOperation).Order(StringComparer.Ordinal), told.Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_body_and_answer_has_examples_and_all_are_as_their_schemas_say()
    {
        var contents = Contents().ToList();
        Assert.True(contents.Count > 100);
        foreach (var (where, content) in contents)
        {
            var examples = Operation.Examples(content);
            Assert.True(examples.Count > 0, $"{where} has no example.");
            Assert.All(examples, example => Assert.True(SchemaCheck.Faults(content["schema"]!, example) is [], $"{where}: {string.Join("; ", SchemaCheck.Faults(content["schema"]!, example))}"));
        }
    }

    [Fact]
    public void Examples_show_every_field()
    {
        var shown = new HashSet<string>();
        foreach (var (_, content) in Contents())
        {
            foreach (var example in Operation.Examples(content))
                Note(content["schema"]!, example, shown);
        }

        var fields = Contract.Document["components"]!["schemas"]!.AsObject()
            .SelectMany(schema => schema.Value!["properties"]?.AsObject().Select(property => $"{schema.Key}.{property.Key}") ?? []);
        Assert.Empty(fields.Except(shown));
    }

    [Fact]
    public void Every_component_is_used()
    {
        var used = References(Contract.Document).ToHashSet();
        foreach (var (kind, members) in Contract.Document["components"]!.AsObject().Where(kind => kind.Key != "securitySchemes"))
            Assert.All(members!.AsObject(), member => Assert.Contains($"#/components/{kind}/{member.Key}", used));
        Assert.All(used, reference => Assert.NotNull(Contract.Resolve(new JsonObject { ["$ref"] = reference })));
        var schemes = Contract.Operations.SelectMany(operation => operation.Json["security"]![0]!.AsObject().Select(scheme => scheme.Key)).Distinct();
        Assert.Equal(Contract.Document["components"]!["securitySchemes"]!.AsObject().Select(scheme => scheme.Key).Order(StringComparer.Ordinal), schemes.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_is_sent_to_receivers_is_described_with_its_headers_and_examples()
    {
        var (name, hook) = Assert.Single(Contract.Document["webhooks"]!.AsObject());
        Assert.Equal("order_event", name);
        var operation = new Operation("POST", "", hook!["post"]!.AsObject());
        Assert.DoesNotContain(Contract.Operations, other => other.Id == operation.Id);
        Assert.Equal(["webhook-id", "webhook-timestamp", "webhook-signature"], operation.Named("header"));
        Assert.All(operation.Parameters, parameter => Assert.True((bool?)parameter["required"] == true && parameter["description"] is not null));
        var (type, content) = Assert.Single(operation.Json["requestBody"]!["content"]!.AsObject());
        Assert.Equal("application/cloudevents+json", type);
        Assert.All(Operation.Examples(content), example => Assert.Empty(SchemaCheck.Faults(content!["schema"]!, example)));
        Assert.NotEmpty(Operation.Examples(content));
    }

    [Fact]
    public void A_wrong_example_would_be_seen()
    {
        var schema = Contract.Find("get_order").Response(200)!["content"]!["application/json"]!["schema"]!;
        var good = Operation.Examples(Contract.Find("get_order").Response(200)!["content"]!["application/json"])[0];
        Assert.Empty(SchemaCheck.Faults(schema, good));
        foreach (var damage in new Action<JsonObject>[]
        {
            order => order.Remove("id"), order => order["more"] = 1, order => order["status"] = "lost", order => order["total"] = "1", order => order["placed_at"] = "noon",
            order => order["lines"]![0]!.AsObject().Remove("sku"), order => order["currency"] = null, order => order["version"] = 1.5, order => order["ship_to"] = "here",
        })
        {
            var bad = good.DeepClone().AsObject();
            damage(bad);
            Assert.NotEmpty(SchemaCheck.Faults(schema, bad));
        }
    }

    [Fact]
    public void An_answer_that_the_document_does_not_tell_of_fails_the_test_that_got_it()
    {
        var headers = new Dictionary<string, string> { ["request-id"] = "1" };
        var good = new ApiAnswer(200, """{"status":"alive"}""", "application/json", headers);
        Contract.Hold("GET", "/livez", good);
        foreach (var bad in new[]
        {
            good with { Status = 202 }, good with { Body = "" }, good with { Body = "{}" }, good with { Body = """{"status":"alive","more":1}""" }, good with { MediaType = "text/html" },
            good with { Headers = new(headers) { ["etag"] = "\"1\"" } },
        })
            Assert.ThrowsAny<Exception>(() => Contract.Hold("GET", "/livez", bad));
        const string refusal = """{"type":"t","title":"t","status":404,"detail":"d","code":"CODE","trace_id":"1"}""";
        var refused = new ApiAnswer(404, refusal.Replace("CODE", "order_not_found"), "application/problem+json", headers);
        Contract.Hold("GET", "/v1/orders/ord_x", refused);
        Assert.ThrowsAny<Exception>(() => Contract.Hold("GET", "/v1/orders/ord_x", refused with { Body = refusal.Replace("CODE", "item_not_found") }));
        // Without the ETag that every order has.
        Assert.ThrowsAny<Exception>(() => Contract.Hold("GET", "/v1/orders/ord_x", new ApiAnswer(304, "", null, headers)));
    }

    private static IEnumerable<(string Where, JsonNode Content)> Contents() => Contract.Operations.SelectMany(operation =>
        operation.Responses.Append((Status: 0, Response: operation.Json["requestBody"] ?? new JsonObject()))
            .SelectMany(part => part.Response["content"]?.AsObject().Select(content => ($"{operation.Id} {part.Status} {content.Key}", content.Value!)) ?? []));

    private static IEnumerable<string> Codes(JsonNode response) =>
        response["content"]!["application/problem+json"]!["schema"]!["allOf"]![1]!["properties"]!["code"]!["enum"]!.AsArray().Select(code => (string)code!);

    // Which fields of which components have a value somewhere.
    private static void Note(JsonNode schema, JsonNode? value, HashSet<string> shown)
    {
        var own = Contract.Resolve(schema).AsObject();
        foreach (var part in (own["allOf"] ?? own["oneOf"])?.AsArray() ?? [])
            Note(part!, value, shown);
        if (value is JsonArray list && own["items"] is { } items)
            list.ToList().ForEach(element => Note(items, element, shown));
        if (value is not JsonObject fields || own["properties"] is not JsonObject properties)
            return;
        foreach (var (name, inner) in properties.Where(property => fields[property.Key] is not null))
        {
            if ((string?)schema["$ref"] is { } reference)
                shown.Add($"{reference.Split('/')[^1]}.{name}");
            Note(inner!, fields[name], shown);
        }
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject own => own.SelectMany(member => member is { Key: "$ref", Value: JsonValue reference } ? [(string)reference!] : References(member.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    [GeneratedRegex("^[a-z]+(_[a-z]+)*$", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex SnakeCase();

    [GeneratedRegex(@"\{(?<name>\w+)\}", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex PathPart();
}
