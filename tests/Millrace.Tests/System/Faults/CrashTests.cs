using Millrace.Cli.Serve;
using Millrace.Api.Keys;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>
/// Ten times, the real server is loaded over HTTP, killed with SIGKILL at a random moment, and started again. Then three
/// records are compared: what the clients were told, what the store holds, and what the provider charged.
/// </summary>
[Collection(OwnProcesses.Name)]
public sealed class CrashTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Rounds = 10;
    private const int Clients = 6;
    private const int HotUnits = 150;

    /// <summary>By round; what a round leaves out is well.</summary>
    private static readonly string[] Faults =
    [
        "{}", """{"lost_answer_rate":0.1}""", """{"duplicate_webhook_rate":1,"out_of_order_webhooks":true}""", """{"error_rate":0.1,"error_after_rate":0.05}""",
        """{"drop_webhook_rate":1,"lost_answer_rate":0.05}""", "{}", """{"outage":true}""", """{"latency_ms_p50":20,"latency_ms_p99":200}""", "{}", """{"lost_answer_rate":0.1,"drop_webhook_rate":0.5}""",
    ];

    private static readonly string[] Skus = ["LANTERN", "CLOCK", "TEAPOT", "MUG", "HOT"];
    private readonly TemporaryFolder _folder = new();
    private readonly Acknowledgements _told = new();
    private ServerSettings _settings = null!;
    private PspSimulator _psp = null!;
    private ApiClient _api = null!;
    private ServerProcess? _server;

    public async ValueTask InitializeAsync()
    {
        var port = FreePort.Find();
        _settings = new ServerSettings(_folder["node"]) { Psp = new Uri($"http://127.0.0.1:{port}"), More = ["--partitions", "8"] };
        _psp = await PspSimulator.StartAsync(_folder["psp"], port, _settings.WebhookAddress, _settings.WebhookSecret!);
        _api = new ApiClient(_settings.Address, NewKey.Of(_settings, "acme", Scopes.Admin));
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        await _psp.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Ten_kills_under_load_lose_nothing_that_was_acknowledged_and_charge_nobody_twice()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_TEST_SEED"), out var given) ? given : Random.Shared.Next(1_000_000);
        output.WriteLine($"MILLRACE_TEST_SEED={seed}");
        var random = new Random(seed);
        _server = await ServerProcess.StartAsync(_settings);
        await StockAsync();
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(i => new LoadClient(_api, _told, (seed * Clients) + i, Skus)).ToList();
        var load = Task.WhenAll(clients.Select(client => Task.Run(() => client.RunAsync(stop.Token))));
        for (var round = 0; round < Rounds; round++)
            await CrashAsync(round, random, load);
        await _psp.SetFaultsAsync("{}");
        await stop.CancelAsync();
        await load;
        output.WriteLine($"{_told.Count} orders acknowledged, {_told.Retries} requests repeated");

        Assert.True(_told.Count > Rounds * 10, "The load was none.");
        await Parallel.ForEachAsync(_told.All, new ParallelOptions { MaxDegreeOfParallelism = Clients }, async (order, _) => await CompareAsync(order, clients[0]));
        Assert.Equal(0, await _server!.StopAsync());
        var report = await Violations.NoneAsync(_settings.DataDirectory, _psp.Address);
        Assert.Equal(_told.Count, report.Orders);
        var charges = (await _psp.RecordsAsync()).Where(r => r.Kind == "authorize" && !r.IsDeclined).ToList();
        Assert.Equal(charges.Count, charges.Select(c => c.Order).Distinct(StringComparer.Ordinal).Count());
        output.WriteLine($"{charges.Count} charges; {string.Join(", ", report.OrdersByStatus)}");
    }

    private async Task CrashAsync(int round, Random random, Task load)
    {
        await _psp.SetFaultsAsync(Faults[round]);
        var enough = _told.Count + random.Next(10, 150);
        await Eventually.Async(() => Task.FromResult(_told.Count >= enough || load.IsCompleted), $"round {round}: orders are placed", TimeSpan.FromSeconds(60));
        if (load.IsCompleted)
            await load;
        // Not right after an answer, where every kill would find the same place.
        await Task.Delay(random.Next(50));
        await _server!.KillAsync();
        await _server.DisposeAsync();
        if (round % 3 == 1)
            await CrashWhileStartingAsync(random);
        _server = await ServerProcess.StartAsync(_settings);
    }

    // Every second of these at a time before it listens, the others while the partitions recover.
    private async Task CrashWhileStartingAsync(Random random)
    {
        await using var server = ServerProcess.Launch(_settings);
        if (random.Next(2) == 0)
            await Eventually.Async(async () => server.Process.HasExited || await server.IsAsync("/livez"), "it listens");
        await Task.Delay(random.Next(300));
        await server.KillAsync();
    }

    private async Task StockAsync()
    {
        foreach (var sku in Skus)
        {
            Assert.Equal(201, (await _api.SendAsync("PUT", "/v1/items/" + sku, Bodies.Item())).Status);
            Assert.Equal(200, (await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, sku == "HOT" ? HotUnits : 1_000_000), sku)).Status);
        }
    }

    private async Task CompareAsync(Acknowledged told, LoadClient client)
    {
        var order = await Eventually.AsyncOf(() => _api.GetAsync("/v1/orders/" + told.Order), o => o.Status == 200
            && (o.Text("status") is "confirmed" or "rejected" or "canceled" || o["attention"] is not null)
            && (o["attention"] is not null || o["payment"]["pending"] is null), $"{told.Key} is settled", TimeSpan.FromSeconds(60));
        Assert.Equal((told.Order, told.IsCanceled), (order.Id(), order.Text("status") == "canceled"));
        Assert.True(told.Status != 201 || order.Text("status") is "confirmed" or "canceled", $"{told} became {order.Body}");
        await client.RepeatAsync(told);
    }
}
