using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Client;
using Millrace.Client.Events;
using Millrace.Client.Json;
using Millrace.Client.Orders;
using Millrace.Tests.OpenApi;
using Xunit;

namespace Millrace.Tests.Client;

/// <summary>
/// The client is held to the OpenAPI document: each operation has one method, which sends what the document tells of and reads all that it is
/// answered. The document's examples are what is sent and answered; another test sees that they show every field.
/// </summary>
public sealed class CoverageTests
{
    // What a payment service provider calls, with a signature that only it can make.
    private static readonly string[] OfOthers = ["psp_webhook"];

    // The client's own business with every operation.
    private static readonly string[] OfEveryCall = ["Authorization", "Request-Timeout"];

    private const string Stream = "text/event-stream";

    public static TheoryData<string> Ids => [.. Methods.Keys];

    private static Dictionary<string, (PropertyInfo Part, MethodInfo Method)> Methods { get; } = typeof(MillraceClient).GetProperties()
        .SelectMany(part => part.PropertyType.GetMethods().Select(method => (part, method)))
        .Where(found => found.method.GetCustomAttribute<OperationAttribute>() is not null)
        .ToDictionary(found => found.method.GetCustomAttribute<OperationAttribute>()!.Id);

    [Fact]
    public void Every_operation_has_one_method_and_every_method_an_operation() =>
        Assert.Equal(Contract.Operations.Select(operation => operation.Id).Except(OfOthers).Order(StringComparer.Ordinal), Methods.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void What_has_no_operation_of_its_own_is_made_of_what_has()
    {
        var others = typeof(MillraceClient).GetProperties().SelectMany(part => part.PropertyType.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Where(method => method.GetCustomAttribute<OperationAttribute>() is null);
        Assert.Equal(["ListAsync", "ListAsync", "ListAsync", "WatchAsync"], others.Select(method => method.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public async Task A_method_sends_what_the_document_tells_of_and_reads_all_that_is_answered(string id)
    {
        var operation = Contract.Find(id);
        var successes = operation.Responses.Where(response => response.Status < 300).ToList();
        Assert.NotEmpty(successes);
        foreach (var (status, response) in successes)
        {
            var examples = Operation.Examples(response["content"]?["application/json"] ?? response["content"]?[Stream]);
            foreach (var example in examples.DefaultIfEmpty(null))
            {
                var (seen, value) = await CallAsync(operation, status, example);
                CheckAddress(operation, seen);
                CheckHeaders(operation, seen);
                CheckBody(operation, seen);
                if (example is not null)
                    AssertSame(example, value, id);
            }
        }
    }

    [Fact]
    public void A_field_that_is_lost_would_be_seen()
    {
        var order = Operation.Examples(Contract.Find("get_order").Response(200)!["content"]!["application/json"])[0];
        var less = order.DeepClone().AsObject();
        less["lines"]![0]!.AsObject().Remove("unit_price");
        Assert.ThrowsAny<Exception>(() => AssertSame(order, less, ""));
    }

    private static async Task<(SeenRequest Seen, JsonNode? Value)> CallAsync(Operation operation, int status, JsonNode? answer)
    {
        var isStream = operation.Response(status)!["content"]?[Stream] is not null;
        var server = new ScriptedServer(() => ScriptedServer.Json(status, isStream ? $"id: 1\n\nevent: x\nid: 2\ndata: {answer!.ToJsonString()}\n\n" : answer?.ToJsonString() ?? ""));
        using var http = new HttpClient(server);
        using var client = new MillraceClient(new MillraceClientOptions { BaseAddress = new Uri("http://test"), ApiKey = "key" }, http);
        var (part, method) = Methods[operation.Id];
        object?[] arguments = [.. method.GetParameters().Select(parameter => Argument(operation, parameter))];
        if (isStream)
        {
            var followed = await ((IAsyncEnumerable<FollowedEvent>)method.Invoke(part.GetValue(client), arguments)!).FirstAsync();
            Assert.Equal("2", followed.Cursor);
            return (Assert.Single(server.Seen), JsonSerializer.SerializeToNode(followed.Event, ClientJson.Default.CloudEvent));
        }

        var call = (Task)method.Invoke(part.GetValue(client), arguments)!;
        await call;
        var seen = Assert.Single(server.Seen);
        if (!call.GetType().IsGenericType || answer is null)
            return (seen, null);
        var given = call.GetType().GetProperty("Result")!.GetValue(call)!;
        var value = given.GetType().GetProperty("Value")!;
        return (seen, JsonSerializer.SerializeToNode(value.GetValue(given), ClientJson.Default.GetTypeInfo(value.PropertyType)!));
    }

    private static object? Argument(Operation operation, ParameterInfo parameter)
    {
        var body = operation.BodyExamples.FirstOrDefault();
        if (operation.Named("path").Contains(parameter.Name))
            return Name(parameter.Name!);
        if (parameter.ParameterType == typeof(CallOptions))
            return new CallOptions { IdempotencyKey = "intent", IfMatch = operation.Named("header").Contains("If-Match") ? "\"7\"" : null };
        if (parameter.ParameterType == typeof(OrderFilter))
            return new OrderFilter { Status = "pending", Customer = "c", ExternalId = "e", IdempotencyKey = "k", Sku = "s", CreatedAfter = DateTimeOffset.UnixEpoch, NeedsAttention = true, AttentionCode = "poison", IsDismissed = true, PageSize = 7, ConsistencyToken = "t" };
        if (parameter.ParameterType == typeof(EventFilter))
            return new EventFilter { Types = ["order.placed.v1"], Share = "1/4" };
        if (parameter.ParameterType == typeof(CancellationToken))
            return CancellationToken.None;
        return parameter.Name switch
        {
            "wait" => TimeSpan.FromSeconds(10),
            "overlap" => TimeSpan.FromSeconds((int)body!["overlap_s"]!),
            "outcome" => "failed",
            "order" when parameter.ParameterType == typeof(string) => "ord_1",
            "state" => "closed",
            "reason" => (string?)body!["reason"],
            "cursor" or "after" => "41",
            "prefix" => "M",
            "pageSize" or "limit" or "seconds" or "step" => 7,
            "asOf" => DateTimeOffset.UnixEpoch,
            "ifNoneMatch" => "\"7\"",
            "mustBeNew" => true,
            "version" when parameter.ParameterType == typeof(int?) => 7,
            _ => JsonSerializer.Deserialize(body!.ToJsonString(), ClientJson.Default.GetTypeInfo(parameter.ParameterType)!),
        };
    }

    // One segment of an address, whatever is in it.
    private static string Name(string parameter) => parameter + "/1 ä";

    private static void CheckAddress(Operation operation, SeenRequest seen)
    {
        var path = operation.Named("path").Aggregate(operation.Path, (at, name) => at.Replace($"{{{name}}}", Uri.EscapeDataString(Name(name)), StringComparison.Ordinal));
        Assert.Equal((operation.Method, path), (seen.Method, seen.Address.AbsolutePath));
        var query = seen.Address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=')[0]);
        Assert.Equal(operation.Named("query").Order(StringComparer.Ordinal), query.Order(StringComparer.Ordinal));
    }

    private static void CheckHeaders(Operation operation, SeenRequest seen)
    {
        Assert.Equal(operation.Named("header").Except(OfEveryCall).Order(StringComparer.Ordinal), seen.Headers.Keys.Except(OfEveryCall).Order(StringComparer.Ordinal));
        Assert.Equal("Bearer key", seen.Header("Authorization"));
    }

    private static void CheckBody(Operation operation, SeenRequest seen)
    {
        var examples = operation.BodyExamples;
        Assert.Equal(examples.Count > 0, seen.Body is not null);
        if (seen.Body is not null)
            AssertSame(examples[0], JsonNode.Parse(seen.Body), operation.Id);
    }

    /// <summary>Null is as good as absent, and a moment is one however it is written.</summary>
    private static void AssertSame(JsonNode? expected, JsonNode? actual, string at)
    {
        if (expected is JsonObject own && actual is JsonObject other)
        {
            foreach (var name in own.Select(field => field.Key).Union(other.Select(field => field.Key)))
                AssertSame(own[name], other[name], $"{at}/{name}");
        }
        else if (expected is JsonArray list && actual is JsonArray others && list.Count == others.Count)
        {
            for (var i = 0; i < list.Count; i++)
                AssertSame(list[i], others[i], $"{at}/{i}");
        }
        else
        {
            Assert.True(JsonNode.DeepEquals(expected, actual) || (Moment(expected) is { } moment && moment == Moment(actual)), $"{at}: {expected?.ToJsonString()} has become {actual?.ToJsonString()}");
        }
    }

    private static DateTimeOffset? Moment(JsonNode? node) => node?.GetValueKind() == JsonValueKind.String
        && DateTimeOffset.TryParse((string)node!, CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment) ? moment : null;
}
