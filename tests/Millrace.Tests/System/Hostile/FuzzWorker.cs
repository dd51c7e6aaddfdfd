using System.Text.Json;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>One connection that sends what its seed says, and remembers what was accepted and what was refused.</summary>
internal sealed class FuzzWorker : IDisposable
{
    private const int MostKept = 200;
    private const int MostRefused = 500;
    private readonly Random _random;
    private readonly RawHttp _http;
    private readonly Oracle _oracle;
    private readonly Grammar _grammar;
    private readonly Mutator _mutator;
    private readonly string _authorization;
    private readonly string _name;

    public FuzzWorker(int port, string key, int seed, Contract contract, Oracle oracle)
    {
        _random = new Random(seed);
        _http = new RawHttp(port);
        _oracle = oracle;
        _grammar = new Grammar(contract, _random, World);
        _mutator = new Mutator(contract, _grammar, _random);
        _authorization = "Bearer " + key;
        _name = $"seed {seed}";
    }

    public World World { get; } = new();

    /// <summary>Orders whose placing was accepted.</summary>
    public HashSet<string> Placed { get; } = new(StringComparer.Ordinal);

    /// <summary>Accepted changes, by their order.</summary>
    public Dictionary<string, int> Changed { get; } = new(StringComparer.Ordinal);

    /// <summary>Jobs whose start was accepted.</summary>
    public HashSet<string> Jobs { get; } = new(StringComparer.Ordinal);

    /// <summary>Requests to <c>/v1/api-keys</c> and the like that were accepted: each may have an entry of the audit log.</summary>
    public int Administered { get; private set; }

    /// <summary>Refused for what they are and not for the moment: they are refused again.</summary>
    public List<FuzzRequest> Refused { get; } = [];

    public void Dispose() => _http.Dispose();

    public async Task RunAsync(int cases)
    {
        for (var i = 0; i < cases; i++)
        {
            var request = _mutator.Next(_authorization);
            await SendAsync(request, i);
        }
    }

    /// <returns>The answer's status.</returns>
    public async Task<int> SendAsync(FuzzRequest request, int number)
    {
        var isHead = request.Method == "HEAD";
        var answer = await _http.SendAsync(request.ToBytes(), isHead);
        var json = _oracle.Check(answer, request.MayBeNoHttp, isHead, () => $"{_name}, case {number}: {request}");
        if (_http.HasMore)
            throw new InvalidOperationException($"{_name}, case {number}: more than one answer to {request}");
        if (IsForGood(answer.Status, json) && Refused.Count < MostRefused)
            Refused.Add(request);
        else if (answer.Status is >= 200 and < 300)
            Accept(request, answer, json);
        return answer.Status;
    }

    // What an item costs, or whether an order is there, may be otherwise the next time.
    private static bool IsForGood(int status, JsonElement? json) => status is 400 or 401 or 403 or 405 or 413 or 415
        || (json is { ValueKind: JsonValueKind.Object } problem && problem.TryGetProperty("code", out var code) && code.GetString() is "not_found" or "invalid_request" or "card_number_refused");

    private void Accept(FuzzRequest request, RawAnswer answer, JsonElement? json)
    {
        if (request.Method is not ("POST" or "PUT" or "DELETE"))
        {
            if (json is { ValueKind: JsonValueKind.Object } page && page.TryGetProperty("next_cursor", out var cursor) && cursor.GetString() is { } next)
                Keep(World.Cursors, next);
            return;
        }

        // Whatever way its address was written: dots in it are resolved by the server.
        if (answer.Headers.TryGetValue("Location", out var location))
        {
            if (location.StartsWith("/v1/jobs/", StringComparison.Ordinal))
                AddJob(json!.Value);
            else
                Add(json!.Value);
            return;
        }

        // By the address and not by the operation that it was made from: it may have become another.
        var parts = Uri.UnescapeDataString(request.Path).ToLowerInvariant().Split('/', StringSplitOptions.RemoveEmptyEntries);
        switch (parts[1])
        {
            case "orders:batch":
                foreach (var row in json!.Value.GetProperty("data").EnumerateArray().Where(row => row.TryGetProperty("order", out _)))
                    Add(row.GetProperty("order"));
                break;
            case "orders" when parts[^1] == "dismissal":
                // Says nothing to the order: what is not parked is not dismissed, and to restore it changes nothing.
                break;
            case "orders":
                var id = json!.Value.GetProperty("id").GetString()!;
                Changed[id] = Changed.GetValueOrDefault(id) + 1;
                break;
            case "items":
                Keep(World.Skus, json!.Value.GetProperty("sku").GetString()!);
                break;
            case "api-keys":
                Administered++;
                if (json is { } key)
                    Keep(World.Keys, key.GetProperty("id").GetString()!);
                break;
            case "webhooks":
                Administered++;
                if (json is { } made && made.TryGetProperty("id", out var name) && name.GetString()!.StartsWith("whk_", StringComparison.Ordinal))
                    Keep(World.Webhooks, name.GetString()!);
                break;
            case "tenants" or "jobs" or "psps":
                Administered++;
                break;
        }
    }

    private void Add(JsonElement order)
    {
        var id = order.GetProperty("id").GetString()!;
        Placed.Add(id);
        Keep(World.Orders, id);
    }

    private void AddJob(JsonElement job)
    {
        Administered++;
        var id = job.GetProperty("id").GetString()!;
        Jobs.Add(id);
        Keep(World.Jobs, id);
    }

    private void Keep(List<string> list, string value)
    {
        if (list.Count < MostKept)
            list.Add(value);
        else
            list[_random.Next(MostKept)] = value;
    }
}
