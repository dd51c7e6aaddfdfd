using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Cli.Serve;
using Millrace.Reconciliation.Breaks;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[CollectionDefinition(Name)]
public sealed class CliServers : ICollectionFixture<CliServer>
{
    public const string Name = "commands against a server";
}

/// <summary>A real node in this process, with SQLite, for all commands.</summary>
public sealed class CliServer : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private WebApplication? _app;

    public string Url { get; } = $"http://127.0.0.1:{FreePort.Find()}";

    /// <summary>Everything.</summary>
    public string Key { get; private set; } = "";

    /// <summary>May see orders and stock, and change nothing.</summary>
    public string Viewer { get; private set; } = "";

    public string DataDirectory => _folder["node"];

    internal string Folder => _folder.Path;

    internal BreakStore Breaks => _app!.Services.GetRequiredService<BreakStore>();

    public async ValueTask InitializeAsync()
    {
        Directory.CreateDirectory(_folder["backups"]);
        Key = await KeyAsync(Scopes.Admin | Scopes.SystemOperate);
        Viewer = await KeyAsync(Scopes.OrdersRead | Scopes.StockRead);
        _app = Node.Build(new NodeOptions { DataDirectory = DataDirectory, Url = Url, Partitions = 4, Backups = _folder["backups"], NodeName = "one" });
        await _app.StartAsync();
        using var probe = new HttpClient { BaseAddress = new Uri(Url) };
        await Eventually.Async(async () => (await probe.GetAsync("/readyz")).IsSuccessStatusCode, "the node is ready");
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            await _app.StopAsync();
            await _app.DisposeAsync();
        }

        _folder.Dispose();
    }

    /// <summary>A command that asks this server, with every scope.</summary>
    internal Task<CliRun> RunAsync(int exit, params string[] arguments) => RunAsAsync(Key, exit, arguments);

    internal Task<CliRun> RunAsAsync(string key, int exit, params string[] arguments) => CliRun.OfAsync(exit, [.. arguments, "--url", Url, "--key", key]);

    /// <returns>The SKU of a new item with stock.</returns>
    internal async Task<string> NewItemAsync(int units = 100)
    {
        var sku = "SKU-" + Guid.NewGuid().ToString("N")[..12];
        await RunAsync(0, "items", "put", sku, "--price", "250");
        await RunAsync(0, "stock", "adjust", sku, "--delta", units.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return sku;
    }

    /// <returns>The id of a new order, which is confirmed.</returns>
    internal async Task<string> NewOrderAsync()
    {
        var placed = await RunAsync(0, "orders", "place", "--line", await NewItemAsync() + ":1", "--customer", "c-1", "--wait", "30", "-o", "json");
        Assert.Equal("confirmed", (string)placed.Json["status"]!);
        return (string)placed.Json["id"]!;
    }

    private Task<string> KeyAsync(Scopes scopes) => KeyAdministration.MakeAsync(DataDirectory, null, "acme", Guid.NewGuid().ToString("N"), scopes, CancellationToken.None);
}
