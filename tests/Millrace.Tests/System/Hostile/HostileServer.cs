using Millrace.Api.Keys;
using Millrace.Cli.Verify;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>A server that only hostile requests reach. At its end it has complained of nothing, and its store breaks no invariant.</summary>
public sealed class HostileServer : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;

    public ApiClient Api { get; private set; } = null!;

    internal ServerSettings Settings { get; private set; } = null!;

    /// <summary>May do everything.</summary>
    internal string Key { get; private set; } = "";

    internal string Reader { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        Settings = new ServerSettings(_folder["node"]);
        Key = NewKey.Of(Settings, "acme", Scopes.Admin | Scopes.SystemOperate);
        Reader = NewKey.Of(Settings, "acme", Scopes.OrdersRead);
        _server = await ServerProcess.StartAsync(Settings);
        Api = new ApiClient(Settings.Address, Key);
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            Api.Dispose();
            Assert.DoesNotContain(_server!.Process.Errors, line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal));
            Assert.Equal(0, await _server.StopAsync());
            var report = await StoreVerification.RunAsync(Settings.DataDirectory, null, CancellationToken.None);
            Assert.True(report.Violations.Count == 0, string.Join('\n', report.Violations.Take(20)));
        }
        finally
        {
            if (_server is not null)
                await _server.DisposeAsync();
            _folder.Dispose();
        }
    }

    /// <summary>Orders that no hostile request has placed.</summary>
    internal List<string> Made { get; } = [];

    /// <returns>A new item with stock, and a confirmed order of it.</returns>
    internal async Task<(string Sku, string Order)> NewOrderAsync()
    {
        var sku = "SKU-" + Guid.NewGuid().ToString("N")[..12];
        Assert.Equal(201, (await Api.SendAsync("PUT", $"/v1/items/{sku}", Bodies.Item())).Status);
        Assert.Equal(200, (await Api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, 1_000_000), sku)).Status);
        var order = await Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), sku, "Prefer: wait=30");
        Assert.Equal(201, order.Status);
        Made.Add(order.Id());
        return (sku, order.Id());
    }

    /// <summary>Nothing is on its way any more, and lists show all there is.</summary>
    internal async Task RestAsync()
    {
        foreach (var job in (await Api.GetAsync("/v1/jobs"))["data"].AsArray().Where(job => (string)job!["status"]! is "running" or "paused"))
            await Api.PostAsync($"/v1/jobs/{(string)job!["id"]!}/cancel", "", Guid.NewGuid().ToString());
        // What is to be asked of one that is paused waits.
        foreach (var psp in (await Api.GetAsync("/v1/psps/paused"))["data"].AsArray())
            await Api.SendAsync("DELETE", $"/v1/psps/{(string)psp!["name"]!}/paused");
        await Eventually.Async(
            async () =>
            {
                if (!StoreState.IsShown(Settings.DataDirectory) || StoreState.HasWorkingJob(Settings.DataDirectory))
                    return false;
                var pending = await Api.GetAsync("/v1/orders?status=pending");
                // What is on hold, or waits for more stock, waits for somebody.
                return pending["data"].AsArray().All(o => o!["holds"]!.AsArray().Count > 0 || (bool)o["options"]!["allow_backorder"]!) && StoreState.IsShown(Settings.DataDirectory);
            },
            "no order is on its way");
    }
}
