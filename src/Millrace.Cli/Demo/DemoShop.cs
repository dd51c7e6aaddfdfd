using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
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
    private readonly HttpClient _http;
    private readonly Random _random = new();

    public DemoShop(Uri url, string key)
    {
        _http = new HttpClient { BaseAddress = url };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
    }

    public void Dispose() => _http.Dispose();

    public async Task WaitReadyAsync(CancellationToken stop)
    {
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (true)
        {
            using var answer = await _http.GetAsync("/readyz", stop);
            if (answer.IsSuccessStatusCode)
                return;
            await poll.WaitForNextTickAsync(stop);
        }
    }

    public async Task SeedAsync(CancellationToken stop)
    {
        foreach (var (sku, name, price) in Goods)
        {
            using var item = await _http.PutAsJsonAsync($"/v1/items/{sku}", new JsonObject { ["name"] = name, ["price"] = price, ["currency"] = "GBP" }, stop);
            item.EnsureSuccessStatusCode();
            // The key is the same in every run, so stock is received once.
            using var stock = await PostAsync("/v1/stock/adjustments", $"demo-stock-{sku}",
                new JsonObject { ["sku"] = sku, ["delta"] = 100_000, ["reason"] = "demo" }, null, stop);
            stock.EnsureSuccessStatusCode();
        }
    }

    /// <returns>The id of an order that was confirmed before this returned.</returns>
    public async Task<string> PlaceFirstAsync(CancellationToken stop)
    {
        using var answer = await PostAsync("/v1/orders", $"demo-{Guid.NewGuid():N}", Order(Approved), "wait=20", stop);
        var order = await answer.Content.ReadFromJsonAsync<JsonElement>(stop);
        if (answer.StatusCode != HttpStatusCode.Created)
            throw new InvalidOperationException($"The first order was not confirmed: {order}");
        return order.GetProperty("id").GetString()!;
    }

    /// <param name="rate">Orders a second, asked before each; 0 for none.</param>
    public async Task TradeAsync(Func<double> rate, CancellationToken stop)
    {
        var placed = 0;
        while (true)
        {
            if (rate() is not (> 0 and var now))
            {
                await Task.Delay(200, stop);
                continue;
            }

            await Task.Delay(TimeSpan.FromSeconds(1 / now), stop);
            try
            {
                using var answer = await PostAsync("/v1/orders", $"demo-{Guid.NewGuid():N}", Order(_random.Next(20) == 0 ? "tok_decline" : Approved), null, stop);
                if (answer.IsSuccessStatusCode)
                    placed++;
            }
            catch (HttpRequestException failure)
            {
                await Console.Error.WriteLineAsync($"An order was not taken: {failure.Message}");
            }

            if (placed % 100 == 0)
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{placed} orders placed"));
        }
    }

    private JsonObject Order(string token)
    {
        var lines = new JsonArray();
        foreach (var (sku, _, _) in _random.GetItems(Goods, _random.Next(1, 4)).DistinctBy(g => g.Sku))
            lines.Add(new JsonObject { ["sku"] = sku, ["quantity"] = _random.Next(1, 4) });
        return new JsonObject
        {
            ["customer"] = new JsonObject { ["id"] = $"buyer-{_random.Next(500)}" },
            ["currency"] = "GBP",
            ["lines"] = lines,
            ["payment"] = new JsonObject { ["token"] = token },
        };
    }

    private Task<HttpResponseMessage> PostAsync(string path, string key, JsonObject body, string? prefer, CancellationToken stop)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(body) };
        request.Headers.Add("Idempotency-Key", key);
        if (prefer is not null)
            request.Headers.Add("Prefer", prefer);
        return _http.SendAsync(request, stop);
    }
}
