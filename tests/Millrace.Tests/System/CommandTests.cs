using Millrace.Cli.Serve;
using System.Globalization;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The commands that people type, as processes of their own.</summary>
[Collection(Processes.Name)]
public sealed class CommandTests(Shop shop) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_demo_confirms_a_first_order_and_what_it_leaves_has_no_violation()
    {
        var port = FreePort.Find().ToString(CultureInfo.InvariantCulture);
        await using var demo = new ChildProcess(MillraceExecutable.With(
            "demo", "--data", _folder["demo"], "--urls", $"http://127.0.0.1:{port}", "--rate", "50"));
        await UntilTradingAsync(demo);
        // Of this machine one is signed in; a page of elsewhere whose name leads here is not.
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false });
        foreach (var (host, status) in new[] { ("localhost", 200), ("127.0.0.1", 200), ("evil.example", 302) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{port}/keys") { Headers = { Host = $"{host}:{port}" } };
            using var page = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal((host, status), (host, (int)page.StatusCode));
        }

        demo.Send(Signal.Term);
        Assert.True(await demo.ExitAsync(MillraceCommand.Patience) == 0, demo.Words);

        var verified = await MillraceCommand.RunAsync(0, "verify", "--data", _folder["demo/node"], "--json", "-");
        Assert.Equal(0, (int)verified["violations"]!);
        Assert.True((int)verified["orders"]! >= 1);
    }

    [Fact]
    public async Task A_demo_that_was_killed_starts_again_with_a_simulator_of_its_own()
    {
        var port = FreePort.Find().ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["demo", "--data", _folder["demo"], "--urls", $"http://127.0.0.1:{port}", "--rate", "50"];
        await using (var killed = new ChildProcess(MillraceExecutable.With(arguments)))
        {
            await UntilTradingAsync(killed);
            killed.Send(Signal.Kill);
            await killed.ExitAsync();
        }

        await using var again = new ChildProcess(MillraceExecutable.With(arguments));
        await UntilTradingAsync(again);
        again.Send(Signal.Term);
        Assert.True(await again.ExitAsync(MillraceCommand.Patience) == 0, again.Words);
    }

    [Fact]
    public async Task The_doctor_finds_this_machine_and_a_store_well()
    {
        await using (var server = await ServerProcess.StartAsync(new ServerSettings(_folder["node"])))
            Assert.Equal(0, await server.StopAsync());
        foreach (string[] arguments in new[] { ["doctor"], new[] { "doctor", "--data", _folder["node"] } })
        {
            await using var doctor = new ChildProcess(MillraceExecutable.With(arguments));
            Assert.True(await doctor.ExitAsync() == 0, doctor.Words);
            Assert.Contains("sqlite", doctor.Words, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Verify_finds_a_changed_byte_and_says_so_with_its_exit_status()
    {
        await using (var server = await ServerProcess.StartAsync(new ServerSettings(_folder["node"])))
            Assert.Equal(0, await server.StopAsync());
        await MillraceCommand.RunAsync(0, "verify", "--data", _folder["node"], "--json", "-");
        SqliteFile.Execute(_folder["node/millrace.journal.db"], "INSERT INTO journal (position, batches) VALUES (1, x'00'); UPDATE journal_end SET position = 1");
        var verified = await MillraceCommand.RunAsync(1, "verify", "--data", _folder["node"], "--json", "-");
        Assert.Equal(1, (int)verified["violations"]!);
    }

    [Fact]
    public async Task Real_sales_become_orders_and_every_line_that_does_not_is_told()
    {
        var lines = """
            InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
            536365,85123A,"WHITE HANGING HEART, T-LIGHT",6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom
            536365,71053,WHITE METAL LANTERN,6,2010-12-01 08:26:00,3.39,17850.0,United Kingdom
            536367,84879,ASSORTED BIRD,-3,2010-12-01 08:34:00,1.69,13047.0,United Kingdom
            536370,22728,ALARM CLOCK,24,2010-12-01 08:45:00,3.75,12583.0,France
            C536370,22728,ALARM CLOCK,-24,2010-12-01 09:45:00,3.75,12583.0,France
            """;
        await File.WriteAllTextAsync(_folder["sales.csv"], lines);
        var key = NewKey.Of(shop.Settings, "acme", Millrace.Api.Keys.Scopes.Admin);
        using var client = await shop.AdmittedAsync(key);
        var result = await MillraceCommand.RunAsync(0, "replay", _folder["sales.csv"], "--url", shop.Settings.Address.ToString(), "--key", key,
            "--rejects", _folder["rejects.csv"], "--json", "-");
        Assert.Equal((5, 1), ((int)result["lines"]!, (int)result["lines_rejected"]!));
        Assert.Contains("quantity_not_positive", await File.ReadAllTextAsync(_folder["rejects.csv"]), StringComparison.Ordinal);
        var order = await Eventually.AsyncOf(() => client.GetAsync("/v1/orders?external_id=536365"), a => a["data"].AsArray().Count == 1, "the invoice is an order");
        Assert.Equal(3564, (int)order["data"]![0]!["total"]!);
    }

    [Fact]
    public async Task A_bench_ends_with_its_figures_and_without_a_violation()
    {
        var result = await MillraceCommand.RunAsync(0, "bench", "place", "--storage", "sqlite", "--seconds", "1", "--json", "-", "--data", _folder["bench"]);
        Assert.True((double)result["orders_per_s"]! > 0);
        Assert.True((double)result["noop_per_s"]! > 0);
        // Beside the other tests some requests may be refused; but each is answered, and most are accepted.
        var (requests, refused, failed) = ((int)result["requests"]!, (int)result["refused_requests"]!, (int)result["failed_requests"]!);
        Assert.True(refused == failed && refused * 2 < requests, result.ToJsonString());
        Assert.Equal(0, (int)result["violations"]!);
        var open = await MillraceCommand.RunAsync(0, "bench", "place", "--storage", "sqlite", "--seconds", "1", "--rate", "200", "--json", "-", "--data", _folder["bench"]);
        Assert.InRange((double)open["orders_per_s"]!, 100, 300);
        // 200/s for three seconds, the run-up and the run-out with it: each was answered, or is told as not.
        Assert.Equal(600, (int)open["requests"]! + (int)open["unanswered_requests"]!);
    }

    [Fact]
    public async Task A_bench_of_restarts_tells_how_long_each_took_and_leaves_a_store_without_violations()
    {
        var result = await MillraceCommand.RunAsync(0, "bench", "restart", "--orders", "1000", "--kills", "1", "--json", "-", "--data", _folder["bench"]);
        Assert.Equal((1, 0), (result["ready_ms"]!.AsArray().Count, (int)result["violations"]!));
    }

    [Fact]
    public async Task A_simulation_ends_with_its_figures_and_without_a_violation()
    {
        var result = await MillraceCommand.RunAsync(0, "simulate", "--seeds", "5", "--from", "77", "--json", "-");
        Assert.Equal((5, 0), ((int)result["seeds"]!, (int)result["violations"]!));
        Assert.True((double)result["seeds_per_s"]! > 0 && (long)result["orders"]! > 900);
    }

    private static Task UntilTradingAsync(ChildProcess demo) => Eventually.Async(
        () => demo.HasExited ? throw new InvalidOperationException(demo.Words) : Task.FromResult(demo.Words.Contains("Ctrl-C stops it.", StringComparison.Ordinal)),
        "the demo trades", MillraceCommand.Patience);
}
