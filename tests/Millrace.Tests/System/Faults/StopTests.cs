using Millrace.Cli.Serve;
using System.Diagnostics;
using Millrace.Api.Keys;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(OwnProcesses.Name)]
public sealed class StopTests : IDisposable
{
    private static readonly TimeSpan Quickly = TimeSpan.FromSeconds(10);
    private readonly TemporaryFolder _folder = new();
    private readonly ServerSettings _settings;
    private readonly ApiClient _api;

    public StopTests()
    {
        _settings = new ServerSettings(_folder["node"]);
        _api = new ApiClient(_settings.Address, NewKey.Of(_settings, "acme", Scopes.Admin));
    }

    public void Dispose()
    {
        _api.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_server_that_is_told_to_stop_under_load_ends_well_and_a_restart_has_everything()
    {
        var told = new Acknowledgements();
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, 4).Select(i => new LoadClient(_api, told, i, ["MUG"])).ToList();
        Task load;
        await using (var server = await StartAsync())
        {
            load = Task.WhenAll(clients.Select(c => Task.Run(() => c.RunAsync(stop.Token))));
            await Eventually.Async(() => Task.FromResult(told.Count >= 100 || load.IsCompleted), "orders are placed");
            var clock = Stopwatch.StartNew();
            Assert.True(await server.StopAsync() == 0, server.Process.Words);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, Quickly);
            Assert.DoesNotContain(server.Process.Errors, line => line.StartsWith("fail", StringComparison.Ordinal) || line.StartsWith("crit", StringComparison.Ordinal));
        }

        await using var again = await ServerProcess.StartAsync(_settings);
        await stop.CancelAsync();
        await load;
        foreach (var order in told.All)
        {
            Assert.Equal(200, (await _api.GetAsync("/v1/orders/" + order.Order)).Status);
            await clients[0].RepeatAsync(order);
        }

        Assert.Equal(0, await again.StopAsync());
        Assert.Equal(told.Count, (await Violations.NoneAsync(_settings.DataDirectory, null)).Orders);
    }

    [Fact]
    public async Task Whoever_waits_for_an_order_when_the_server_stops_gets_the_order_as_it_is()
    {
        var psp = FreePort.Find();
        await using var simulator = await PspSimulator.StartAsync(_folder["psp"], psp, _settings.WebhookAddress, _settings.WebhookSecret!);
        await simulator.SetFaultsAsync("""{"latency_ms_p50":20000,"latency_ms_p99":20000}""");
        await using var server = await ServerProcess.StartAsync(_settings with { Psp = simulator.Address });
        await _api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item());
        await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 10), "receipt");
        var waiting = _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), "waits", "Prefer: wait=30");
        await Eventually.Async(async () => (await _api.GetAsync("/v1/orders?limit=1"))["data"].AsArray().Count == 1, "the order is there");
        Assert.True(await server.StopAsync() == 0, server.Process.Words);
        Assert.Equal((202, "pending"), ((await waiting).Status, (await waiting).Text("status")));
    }

    [Fact]
    public async Task A_server_that_is_paused_answers_when_it_runs_again()
    {
        await using var server = await StartAsync();
        await server.Process.PauseAsync();
        var order = _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), "paused", "Prefer: wait=30");
        using var patience = new HttpClient { BaseAddress = _settings.Address, Timeout = TimeSpan.FromMilliseconds(300) };
        await Assert.ThrowsAsync<TaskCanceledException>(() => patience.GetAsync("/livez"));
        Assert.False(order.IsCompleted);
        server.Process.Send(Signal.Continue);
        Assert.Equal(201, (await order).Status);
        Assert.Equal(0, await server.StopAsync());
    }

    private async Task<ServerProcess> StartAsync()
    {
        var server = await ServerProcess.StartAsync(_settings);
        await _api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item());
        await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 1_000_000), "receipt");
        return server;
    }
}
