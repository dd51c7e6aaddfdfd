using Millrace.Cli.Serve;
using Millrace.Api.Keys;
using Millrace.Tests.Api;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Tests that start processes of their own, one at a time: more at once would crowd each other off the machine.</summary>
[CollectionDefinition(Name)]
public sealed class OwnProcesses
{
    public const string Name = "own processes";
}

/// <summary>Tests of the <see cref="Shop"/>, one at a time, beside one of <see cref="OwnProcesses"/>.</summary>
[CollectionDefinition(Name)]
public sealed class Processes : ICollectionFixture<Shop>
{
    public const string Name = "processes";
}

/// <summary>A real server and a real PSP simulator that talk to each other, for all tests that need them to behave; both without a violation at the end.</summary>
public sealed class Shop : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private ServerProcess? _server;
    private PspSimulator? _psp;

    /// <summary>Every scope, of the tenant that most tests trade for.</summary>
    public ApiClient Api { get; private set; } = null!;

    /// <summary>Every scope, of another tenant.</summary>
    public ApiClient Stranger { get; private set; } = null!;

    public ApiClient Anonymous { get; private set; } = null!;

    internal ServerSettings Settings { get; private set; } = null!;

    internal PspSimulator Psp => _psp!;

    public async ValueTask InitializeAsync()
    {
        var pspPort = FreePort.Find();
        Settings = new ServerSettings(_folder["node"]) { Psp = new Uri($"http://127.0.0.1:{pspPort}") };
        _psp = await PspSimulator.StartAsync(_folder["psp"], pspPort, Settings.WebhookAddress, Settings.WebhookSecret!);
        _server = await ServerProcess.StartAsync(Settings);
        Api = await NewClientAsync("acme", Scopes.Admin);
        Stranger = await NewClientAsync("stranger", Scopes.Admin);
        Anonymous = new ApiClient(Settings.Address, "");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in new[] { Api, Stranger, Anonymous })
            client?.Dispose();
        try
        {
            if (_server is not null && _psp is not null)
                await LeaveAsync(_server, _psp.Address);
        }
        finally
        {
            if (_server is not null)
                await _server.DisposeAsync();
            if (_psp is not null)
                await _psp.DisposeAsync();
            _folder.Dispose();
        }
    }

    /// <summary>A client with a key of its own, which the server has seen: it reads the log again every now and then.</summary>
    public Task<ApiClient> NewClientAsync(string tenant, Scopes scopes) => AdmittedAsync(NewKey.Of(Settings, tenant, scopes));

    public async Task<ApiClient> AdmittedAsync(string key)
    {
        var client = new ApiClient(Settings.Address, key);
        await Eventually.Async(async () => (await client.GetAsync("/v1/orders/ord_x")).Status != 401, "the new key is known");
        return client;
    }

    /// <returns>The SKU of a new item with stock, sold at 2.50 EUR.</returns>
    public async Task<string> NewItemAsync(int units)
    {
        var sku = "SKU-" + Guid.NewGuid().ToString("N")[..12];
        Assert.Equal(201, (await Api.SendAsync("PUT", $"/v1/items/{sku}", Bodies.Item())).Status);
        Assert.Equal(200, (await Api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, units), "receipt-" + sku)).Status);
        return sku;
    }

    /// <returns>The answer about an order that was confirmed.</returns>
    public async Task<ApiAnswer> ConfirmedAsync(string sku, int quantity = 1)
    {
        var answer = await Api.PlaceAsync(Bodies.Order(sku, quantity).ToJsonString(), Guid.NewGuid().ToString(), "Prefer: wait=30");
        Assert.Equal(201, answer.Status);
        return answer;
    }

    public Task<ApiAnswer> UntilAsync(string order, Func<ApiAnswer, bool> isDone, string claim) =>
        Eventually.AsyncOf(() => Api.GetAsync("/v1/orders/" + order), isDone, claim);

    public Task<ApiAnswer> UntilStatusAsync(string order, string status) =>
        UntilAsync(order, o => o.Text("status") == status, $"the order is {status}");

    /// <summary>Units that can be sold, and that somebody holds.</summary>
    public async Task<(int Available, int Held)> StockAsync(string sku)
    {
        var item = await Api.GetAsync("/v1/items/" + sku);
        var levels = item["stock"].AsArray();
        return ((int)item["available"], levels.Sum(l => (int)l!["reserved"]! + (int)l["allocated"]!));
    }

    private async Task LeaveAsync(ServerProcess server, Uri psp)
    {
        using (var operators = await AdmittedAsync(NewKey.Of(Settings, "operators", Scopes.SystemOperate)))
            Assert.Equal("[]", (await operators.GetAsync("/v1/auditor"))["findings"].ToJsonString());
        Assert.True(await server.StopAsync() == 0, server.Process.Words);
        await Violations.NoneAsync(Settings.DataDirectory, psp);
    }
}

internal static class OrderAnswers
{
    public static string Text(this ApiAnswer answer, string name) => (string)answer[name]!;

    public static string Id(this ApiAnswer answer) => answer.Text("id");

    public static long Payment(this ApiAnswer answer, string name) => (long)answer["payment"][name]!;
}
