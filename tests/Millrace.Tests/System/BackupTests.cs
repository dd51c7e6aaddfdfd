using Millrace.Cli.Serve;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Verify;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Backup and restore as an operator does them: the commands, a real server under load, a real provider that knows more than the backup.</summary>
[Collection(OwnProcesses.Name)]
public sealed class BackupTests(ITestOutputHelper output) : IDisposable
{
    private const int Clients = 4;
    private static readonly string[] Skus = ["LANTERN", "CLOCK", "TEAPOT"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_backup_under_load_has_every_order_acknowledged_before_it_and_the_provider_tells_which_came_after()
    {
        var port = FreePort.Find();
        Directory.CreateDirectory(_folder["backups"]);
        var settings = new ServerSettings(_folder["node"]) { Psp = new Uri($"http://127.0.0.1:{port}"), More = ["--partitions", "8", "--backups", _folder["backups"]] };
        await using var psp = await PspSimulator.StartAsync(_folder["psp"], port, settings.WebhookAddress, settings.WebhookSecret!);
        var key = NewKey.Of(settings, "acme", Scopes.Admin | Scopes.SystemOperate);
        using var api = new ApiClient(settings.Address, key);
        var told = new Acknowledgements();
        List<Acknowledged> before;
        JsonObject made;
        Dictionary<string, string> toldEvents;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await StockAsync(api);
            using var stop = new CancellationTokenSource();
            var load = Task.WhenAll(Enumerable.Range(0, Clients).Select(i => Task.Run(() => new LoadClient(api, told, i, Skus).RunAsync(stop.Token))));
            await UntilAsync(told, 300, load);
            before = [.. told.All];
            made = await RunAsync(0, "backup", "--url", settings.Address.ToString(), "--key", key, "--json", "-");
            await UntilAsync(told, told.Count + 100, load);
            await stop.CancelAsync();
            await load;
            toldEvents = await EventsAsync(api);
            Assert.Equal(0, await server.StopAsync());
        }

        var restored = await RunAsync(0, "restore", "--from", Path.Combine(_folder["backups"], (string)made["backup"]!), "--to", _folder["restored"], "--json", "-");
        Assert.Equal((0, (long)made["records"]!), ((int)restored["violations"]!, (long)restored["records"]!));
        output.WriteLine($"{before.Count} orders before the backup, {restored["orders"]} in it, {told.Count} in all");
        var known = await StoreVerification.RunAsync(_folder["restored"], psp.Address, CancellationToken.None);

        // The API keys came with it.
        await using var again = await ServerProcess.StartAsync(settings with { DataDirectory = _folder["restored"], More = [] });
        var lost = new HashSet<string>(StringComparer.Ordinal);
        foreach (var order in told.All)
        {
            if ((await api.GetAsync("/v1/orders/" + order.Order)).Status == 404)
                lost.Add(order.Order);
        }

        Assert.DoesNotContain(before, order => lost.Contains(order.Order));
        Assert.NotEmpty(lost);
        var charged = (await psp.RecordsAsync()).Where(r => !r.IsDeclined && lost.Contains(r.Order)).Select(r => r.Reference).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(charged);
        // Receivers know repeats by their ids: no event of the restored store has one that another event had.
        for (var i = 0; i < 20; i++)
            Assert.Equal(201, (await api.PlaceAsync(Bodies.Order(Skus[0]).ToJsonString(), $"after-{i}", "Prefer: wait=10")).Status);
        Assert.DoesNotContain(await EventsAsync(api), now => toldEvents.TryGetValue(now.Key, out var then) && then != now.Value);
        Assert.Subset(known.Violations.Where(v => v.Invariant == 11).Select(v => v.Subject).ToHashSet(StringComparer.Ordinal), charged);
        Assert.Equal(0, await again.StopAsync());
        await Violations.NoneAsync(_folder["restored"], null);
    }

    [Fact]
    public async Task A_store_that_nobody_serves_is_backed_up_from_its_folder_and_one_that_is_served_is_refused()
    {
        Directory.CreateDirectory(_folder["backups"]);
        var settings = new ServerSettings(_folder["node"]);
        var key = NewKey.Of(settings, "acme", Scopes.Admin | Scopes.SystemOperate);
        using var api = new ApiClient(settings.Address, key);
        string[] offline = ["backup", "--data", _folder["node"], "--to", _folder["backups"], "--json", "-"];
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await StockAsync(api);
            Assert.Equal(201, (await api.PlaceAsync(Bodies.Order(Skus[0]).ToJsonString(), "one", "Prefer: wait=10")).Status);
            await RefusedAsync(1, "in use by another process", offline);
            await RefusedAsync(1, "backups_not_configured", "backup", "--url", settings.Address.ToString(), "--key", key);
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder["backups"]));
        var backup = Path.Combine(_folder["backups"], (string)(await RunAsync(0, offline))["backup"]!);
        Assert.Equal(1, (int)(await RunAsync(0, "restore", "--from", backup, "--to", _folder["restored"], "--json", "-"))["orders"]!);
        await RefusedAsync(1, "occupied", "restore", "--from", backup, "--to", _folder["restored"]);
        await RefusedAsync(1, "no backup", "restore", "--from", _folder["node"], "--to", _folder["other"]);
        await RefusedAsync(2, "go together", "backup", "--data", _folder["node"]);
        await RefusedAsync(2, "no store", "backup", "--data", _folder["nothing"], "--to", _folder["backups"]);
        await RefusedAsync(2, "docs/backup.md", "serve", "--data", _folder["x"], "--postgres", "Host=127.0.0.1", "--backups", _folder["backups"]);
        await RefusedAsync(1, "no folder", "serve", "--data", _folder["x"], "--backups", _folder["missing"]);
        await RefusedAsync(1, "inside of the data folder", "serve", "--data", _folder["node"], "--backups", _folder["node/backups"]);
    }

    [Fact]
    public async Task A_backup_of_a_store_with_a_violation_is_not_restored()
    {
        Directory.CreateDirectory(_folder["backups"]);
        var settings = new ServerSettings(_folder["node"]) { More = ["--partitions", "4"] };
        using var api = new ApiClient(settings.Address, NewKey.Of(settings, "acme", Scopes.Admin | Scopes.SystemOperate));
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await StockAsync(api);
            await api.PlaceAsync(Bodies.Order(Skus[0]).ToJsonString(), "one", "Prefer: wait=10");
            await Eventually.AsyncOf(() => api.GetAsync("/v1/orders"), list => list["data"].AsArray().Count == 1, "the read model has the order");
            Assert.Equal(0, await server.StopAsync());
        }

        // Every file is as it was written, and the store opens: only the checkers miss the order's row.
        SqliteFile.Execute(_folder["node/millrace.readmodel.db"], "DELETE FROM orders");
        var backup = Path.Combine(_folder["backups"], (string)(await RunAsync(0, "backup", "--data", _folder["node"], "--to", _folder["backups"], "--json", "-"))["backup"]!);
        var refused = await RunAsync(1, "restore", "--from", backup, "--to", _folder["restored"], "--json", "-");
        Assert.InRange((int)refused["violations"]!, 1, int.MaxValue);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path, "restored*"));
    }

    /// <summary>All that the feed tells, from its start: of each id, which event of which order it is.</summary>
    private static async Task<Dictionary<string, string>> EventsAsync(ApiClient api)
    {
        var told = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var path = "/v1/events?limit=200"; ;)
        {
            var page = await api.GetAsync(path);
            Assert.True(page.Status == 200, page.Body);
            foreach (var e in page["data"].AsArray())
                told.Add((string)e!["id"]!, $"{e["subject"]} {e["sequence"]}");
            if (!(bool)page["has_more"]!)
                return told;
            path = "/v1/events?limit=200&after=" + Uri.EscapeDataString(page.Text("next_cursor"));
        }
    }

    private static async Task StockAsync(ApiClient api)
    {
        foreach (var sku in Skus)
        {
            Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/" + sku, Bodies.Item())).Status);
            Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, 1_000_000), sku)).Status);
        }
    }

    private static async Task UntilAsync(Acknowledgements told, int count, Task load)
    {
        await Eventually.Async(() => Task.FromResult(told.Count >= count || load.IsCompleted), $"{count} orders are placed", TimeSpan.FromSeconds(60));
        if (load.IsCompleted)
            await load;
    }

    private static async Task RefusedAsync(int exit, string words, params string[] arguments)
    {
        await using var process = new ChildProcess(MillraceExecutable.With(arguments));
        var code = await process.ExitAsync();
        Assert.True(code == exit, process.Words);
        Assert.Contains(words, process.Words, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", process.Words, StringComparison.Ordinal);
    }

    private static async Task<JsonObject> RunAsync(int exit, params string[] arguments)
    {
        await using var process = new ChildProcess(MillraceExecutable.With(arguments));
        var code = await process.ExitAsync(TimeSpan.FromMinutes(2));
        Assert.True(code == exit, process.Words);
        return JsonNode.Parse(process.Output.Last())!.AsObject();
    }
}
