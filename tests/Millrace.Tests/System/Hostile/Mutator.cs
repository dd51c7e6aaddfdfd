using System.Text;
using System.Text.Json.Nodes;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>Wounds a request that the contract allows.</summary>
internal sealed class Mutator(Contract contract, Grammar grammar, Random random)
{
    private const string Mark = "@@raw@@";
    private readonly IReadOnlyList<Operation> _operations = contract.Weighted;

    /// <summary>A request for an operation; allowed by the contract, or with up to three wounds.</summary>
    public FuzzRequest Next(string authorization)
    {
        var operation = grammar.Pick(_operations);
        var request = Allowed(operation, authorization, out var body);
        // One in eight stays whole: what was wounded before must have left the server able to take it.
        for (var wounds = random.Next(8) == 0 ? 0 : random.Next(1, 4); wounds > 0; wounds--)
            Wound(request, ref body);
        return request;
    }

    public FuzzRequest Allowed(Operation operation, string authorization, out JsonNode? body)
    {
        var parts = operation.Path.Split('/').Select(part => part.StartsWith('{') ? Uri.EscapeDataString(grammar.Parameter(part.Trim('{', '}'))) : part);
        var request = new FuzzRequest { Operation = operation, Method = operation.Method, Path = string.Join('/', parts) };
        foreach (var name in operation.Query.Where(_ => random.Next(4) == 0))
            request.Query += $"{(request.Query.Length == 0 ? '?' : '&')}{name}={Uri.EscapeDataString(grammar.Parameter(name))}";
        request.Set("Authorization", authorization);
        foreach (var name in operation.Headers.Where(name => char.IsAsciiLetterUpper(name[0]) && (name == "Idempotency-Key" || random.Next(4) == 0)))
            request.Set(name, grammar.Parameter(name));
        body = operation.Body is null ? null : grammar.Value(operation.Body, "body");
        if (body is not null)
        {
            request.Set("Content-Type", "application/json");
            request.Body = Encoding.UTF8.GetBytes(body.ToJsonString());
        }

        return request;
    }

    private void Wound(FuzzRequest request, ref JsonNode? body)
    {
        switch (random.Next(body is null ? 4 : 10))
        {
            case 0: WoundHeader(request); break;
            case 1: WoundPath(request); break;
            case 2: WoundQuery(request); break;
            case 3 when random.Next(3) == 0: WoundMethod(request); break;
            case 3: WoundHeader(request); break;
            case 4: WoundBytes(request); break;
            default: WoundJson(request, body!); break;
        }
    }

    private void WoundHeader(FuzzRequest request)
    {
        var value = grammar.Pick(Poison.HeaderValues);
        string[] names =
        [
            "Idempotency-Key", "If-Match", "If-None-Match", "Prefer", "Request-Timeout", "Consistency-Token", "Psp-Signature", "Accept", "Accept-Encoding", "Range", "Expect", "X-HTTP-Method-Override",
            "Content-Encoding", "Authorization", "traceparent", "X-Forwarded-For", "Forwarded", "Cookie", "Origin", "Upgrade", "Content-Language", "Host",
        ];
        var name = grammar.Pick(names);
        switch (random.Next(6))
        {
            case 0: name = "Content-Type"; request.Set(name, value = grammar.Pick(Poison.ContentTypes)); break;
            case 1: request.Set(name); value = "missing"; break;
            case 2: request.Set(name, value, value); break;
            case 3: request.Set(name, new string('k', random.Next(200, 5_000))); value = "long"; break;
            default: request.Set(name, value); break;
        }

        // A second host, an unknown expectation and bytes that are no UTF-8 are for the server's parser to refuse.
        request.MayBeNoHttp |= name is "Host" or "Expect" or "Upgrade" || value.Any(c => c > '~');
        request.Wounds.Add($"{name}: {value}");
    }

    private void WoundPath(FuzzRequest request)
    {
        var part = grammar.Pick(Poison.UrlParts);
        var parts = request.Path.Split('/');
        switch (random.Next(4))
        {
            case 0: request.Path += "/" + part; break;
            case 1: request.Path = string.Join('/', parts.SkipLast(1).Append(part)); break;
            case 2: parts[random.Next(1, parts.Length)] = part; request.Path = string.Join('/', parts); break;
            default: request.Path = random.Next(2) == 0 ? "/" + request.Path : request.Path.ToUpperInvariant(); break;
        }

        if (request.Path[0] != '/')
            request.Path = "/" + request.Path;
        request.MayBeNoHttp |= request.Path.Any(c => c is > '~' or ' ') || request.Path.Contains("%00", StringComparison.Ordinal);
        request.Wounds.Add("path");
    }

    private void WoundQuery(FuzzRequest request)
    {
        string[] names = [.. request.Operation.Query, "x", "as_of", "limit", "cursor", "%00", ""];
        var name = grammar.Pick(names);
        var value = random.Next(10) == 0 ? new string('9', random.Next(100, 2_000)) : grammar.Pick(Poison.UrlParts);
        var more = random.Next(4) switch { 0 => name, 1 => $"{name}={value}&{name}={value}", _ => $"{name}={value}" };
        request.Query += (request.Query.Length == 0 ? "?" : "&") + more;
        request.MayBeNoHttp |= more.Any(c => c is > '~' or ' ');
        request.Wounds.Add("query");
    }

    private void WoundMethod(FuzzRequest request)
    {
        request.Method = grammar.Pick(Poison.Methods);
        request.Wounds.Add("method");
    }

    private void WoundBytes(FuzzRequest request)
    {
        var bytes = (request.Body ?? []).ToList();
        var at = random.Next(bytes.Count + 1);
        switch (random.Next(6))
        {
            case 0: bytes.RemoveRange(at, bytes.Count - at); break;
            case 1: bytes.InsertRange(0, [0xEF, 0xBB, 0xBF]); break;
            case 2: bytes.AddRange(grammar.Pick(Poison.Bytes)); break;
            case 3: bytes = [.. Encoding.Unicode.GetBytes(Encoding.UTF8.GetString([.. bytes]))]; break;
            default: bytes.InsertRange(at, grammar.Pick(Poison.Bytes)); break;
        }

        request.Body = [.. bytes];
        request.Wounds.Add("bytes");
    }

    private void WoundJson(FuzzRequest request, JsonNode body)
    {
        var wounded = body.DeepClone();
        var places = Places(wounded).ToList();
        var text = random.Next(12) switch
        {
            0 => Poison.Deep(random.Next(5, 2_000), isArray: random.Next(2) == 0),
            1 => Poison.Long(random.Next(30, 6_000)),
            2 => $"[{string.Join(',', Enumerable.Repeat("1", random.Next(2, 3_000)))}]",
            _ => grammar.Pick(Poison.JsonValues),
        };
        if (places.Count == 0 || random.Next(30) == 0)
        {
            request.Body = Encoding.UTF8.GetBytes(text);
        }
        else
        {
            var (parent, name, index) = grammar.Pick(places);
            var form = random.Next(8);
            if (parent is JsonArray array)
                array[index] = Mark;
            else if (form == 0)
                parent.AsObject().Remove(name);
            else if (form == 1)
                parent[grammar.Pick(["unknown", "__proto__", "", "constructor", new string('n', 100), name.ToUpperInvariant(), name + "\0"])] = Mark;
            else
                parent[name] = Mark;
            // The same name twice: once with what was wanted, once with something else.
            if (form == 2)
                text += $",\"{name}\":{grammar.Pick(Poison.JsonValues)}";
            request.Body = Encoding.UTF8.GetBytes(wounded.ToJsonString().Replace($"\"{Mark}\"", text, StringComparison.Ordinal));
        }

        request.Wounds.Add("json");
    }

    private static IEnumerable<(JsonNode Parent, string Name, int Index)> Places(JsonNode node) => node switch
    {
        JsonObject found => found.SelectMany(p => (p.Value is null ? [] : Places(p.Value)).Prepend((found, p.Key, 0))),
        JsonArray found => found.SelectMany((e, i) => (e is null ? [] : Places(e)).Prepend((found, "", i))),
        _ => [],
    };
}
