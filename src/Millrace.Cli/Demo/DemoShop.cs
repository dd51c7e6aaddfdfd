using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Millrace.Cli.Demo;

/// <summary>A small shop that trades over the public API only.</summary>
internal sealed class DemoShop : IDisposable
{
    private static readonly (string Sku, string Name, int Price)[] Goods =
    [
        ("LANTERN", "White metal lantern", 339), ("CLOCK", "Alarm clock bakelike", 375), ("MUG", "Retrospot mug", 125),
        ("BUNTING", "Party bunting", 495), ("TEAPOT", "Regency teapot", 1495), ("BAG", "Jumbo bag", 208),
        ("FRAME", "Picture frame", 295), ("CANDLE", "Scented candle", 165), ("TIN", "Cake tin set", 495), ("SCARF", "Wool scarf", 1250),
    ];

    private const string Approved = "tok_visa";
    private const int MostAtOnce = 32;
    private const int MostAttempts = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private readonly IReadOnlyList<Uri> _nodes;
    private readonly HttpClient _http = new();
    private int _asked;
    private int _placed;

    /// <param name="nodes">Asked in turns.</param>
    /// <param name="key">Of the shop's tenant.</param>
    public DemoShop(IReadOnlyList<Uri> nodes, string key)
    {
        _nodes = nodes;
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public void Dispose() => _http.Dispose();

    /// <summary>Until all nodes serve.</summary>
    public async Task WaitReadyAsync(CancellationToken stop)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        foreach (var node in _nodes)
        {
            while (!await IsReadyAsync(node, stop))
                await poll.WaitForNextTickAsync(stop);
        }
    }

    public async Task SeedAsync(CancellationToken stop)
    {
        foreach (var (sku, name, price) in Goods)
        {
            using var item = await UntilTakenAsync(
                () => _http.PutAsJsonAsync(new Uri(_nodes[0], $"/v1/items/{sku}"), new JsonObject { ["name"] = name, ["price"] = price, ["currency"] = "GBP" }, stop), stop);
            item.EnsureSuccessStatusCode();
            // The key is the same in every run, so stock is received once.
            using var stock = await UntilTakenAsync(() => PostAsync(_nodes[0], "/v1/stock/adjustments", $"demo-stock-{sku}",
                new JsonObject { ["sku"] = sku, ["delta"] = 100_000, ["reason"] = "demo" }, null, stop), stop);
            stock.EnsureSuccessStatusCode();
        }
    }

    /// <returns>The id of an order that was confirmed before this returned.</returns>
    public async Task<string> PlaceFirstAsync(CancellationToken stop)
    {
        var (key, order) = ($"demo-{Guid.NewGuid():N}", Order(Approved, new Random()));
        using var answer = await UntilTakenAsync(() => PostAsync(_nodes[0], "/v1/orders", key, order, "wait=20", stop), stop);
        var placed = await answer.Content.ReadFromJsonAsync<JsonElement>(stop);
        // Where partitions are still on their way to their nodes, it is taken at once and confirmed a little later.
        for (var attempt = 1; answer.IsSuccessStatusCode && attempt < MostAttempts && placed.GetProperty("status").GetString() == "pending"; attempt++)
        {
            await Task.Delay(Pause, stop);
            using var now = await _http.GetAsync(new Uri(_nodes[0], "/v1/orders/" + placed.GetProperty("id").GetString()), stop);
            if (now.IsSuccessStatusCode)
                placed = await now.Content.ReadFromJsonAsync<JsonElement>(stop);
        }

        return answer.IsSuccessStatusCode && placed.GetProperty("status").GetString() == "confirmed"
            ? placed.GetProperty("id").GetString()!
            : throw new InvalidOperationException($"The first order was not confirmed: {placed}");
    }

    /// <param name="rate">Orders a second, asked before each; 0 for none.</param>
    public Task TradeAsync(Func<double> rate, CancellationToken stop) =>
        Parallel.ForEachAsync(ShoppersAsync(rate, stop), new ParallelOptions { MaxDegreeOfParallelism = MostAtOnce, CancellationToken = stop }, BuyAsync);

    private static async IAsyncEnumerable<Random> ShoppersAsync(Func<double> rate, [EnumeratorCancellation] CancellationToken stop)
    {
        var random = new Random();
        while (true)
        {
            if (rate() is not (> 0 and var now))
            {
                await Task.Delay(200, stop);
                continue;
            }

            await Task.Delay(TimeSpan.FromSeconds(1 / now), stop);
            yield return new Random(random.Next());
        }
    }

    // Tries once at each node, with the same key: whichever does it, it is done once.
    private async ValueTask BuyAsync(Random random, CancellationToken stop)
    {
        var key = $"demo-{Guid.NewGuid():N}";
        var order = Order(random.Next(20) == 0 ? "tok_decline" : Approved, random);
        var first = (uint)Interlocked.Increment(ref _asked);
        for (var attempt = 1; ; attempt++)
        {
            string refusal;
            try
            {
                using var answer = await PostAsync(_nodes[(int)((first + attempt) % _nodes.Count)], "/v1/orders", key, order, null, stop);
                if (answer.IsSuccessStatusCode)
                {
                    if (Interlocked.Increment(ref _placed) is var placed && placed % 100 == 0)
                        await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{placed} orders placed"));
                    return;
                }

                refusal = string.Create(CultureInfo.InvariantCulture, $"answered {(int)answer.StatusCode}");
            }
            catch (Exception failure) when (failure is HttpRequestException or System.Net.Sockets.SocketException)
            {
                refusal = failure.Message;
            }

            if (attempt == _nodes.Count)
            {
                await Console.Error.WriteLineAsync($"An order was not taken: {refusal}");
                return;
            }

            await Task.Delay(Pause, stop);
        }
    }

    // Partitions move while nodes come and go: who is told to repeat repeats, as docs/problems.md says.
    private static async Task<HttpResponseMessage> UntilTakenAsync(Func<Task<HttpResponseMessage>> ask, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            var answer = await ask();
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || attempt == MostAttempts)
                return answer;
            answer.Dispose();
            await Task.Delay(Pause, stop);
        }
    }

    private async Task<bool> IsReadyAsync(Uri node, CancellationToken stop)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(node, "/readyz"), stop);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception away) when (away is HttpRequestException or System.Net.Sockets.SocketException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private static JsonObject Order(string token, Random random)
    {
        var lines = new JsonArray();
        foreach (var (sku, _, _) in random.GetItems(Goods, random.Next(1, 4)).DistinctBy(g => g.Sku))
            lines.Add(new JsonObject { ["sku"] = sku, ["quantity"] = random.Next(1, 4) });
        return new JsonObject
        {
            ["customer"] = new JsonObject { ["id"] = $"buyer-{random.Next(500)}" },
            ["currency"] = "GBP",
            ["lines"] = lines,
            ["payment"] = new JsonObject { ["token"] = token },
        };
    }

    private Task<HttpResponseMessage> PostAsync(Uri node, string path, string key, JsonObject body, string? prefer, CancellationToken stop)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(node, path)) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        if (prefer is not null)
            request.Headers.Add("Prefer", prefer);
        return _http.SendAsync(request, stop);
    }
}
