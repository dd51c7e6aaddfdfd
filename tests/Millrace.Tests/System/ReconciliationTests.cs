using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Domain.Identity;
using Millrace.Tests.Operating;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A server that compares itself with its provider while it serves: both are processes of their own, over HTTP.</summary>
[Collection(OwnProcesses.Name)]
public sealed class ReconciliationTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly int _pspPort = FreePort.Find();
    private ServerSettings _settings = null!;
    private PspSimulator _psp = null!;
    private ServerProcess _server = null!;
    private ApiClient _api = null!;

    public async ValueTask InitializeAsync()
    {
        _settings = new ServerSettings(_folder["node"]) { Psp = new Uri($"http://127.0.0.1:{_pspPort}"), More = ["--partitions", "4", "--reconcile-after", "00:00:01"] };
        _psp = await PspSimulator.StartAsync(_folder["psp"], _pspPort, _settings.WebhookAddress, _settings.WebhookSecret!);
        _api = new ApiClient(_settings.Address, NewKey.Of(_settings, "acme", Scopes.Admin | Scopes.SystemOperate));
        _server = await ServerProcess.StartAsync(_settings);
        Assert.Equal(201, (await _api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status);
        Assert.Equal(200, (await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 10), "receipt")).Status);
    }

    [Fact]
    public async Task What_agrees_is_matched_and_a_stray_charge_is_told_by_the_api_the_metrics_and_the_console()
    {
        foreach (var key in new[] { "1", "2", "3" })
            Assert.Equal("confirmed", (await _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), key, "Prefer: wait=30")).Text("status"));
        await UntilMetricAsync("millrace_reconciliation_operations_total", 3, ("result", "matched"));
        Assert.Empty(await BreaksAsync());

        await _psp.ChargeAsync("stray", "nobody", 999, "EUR");
        var found = Assert.Single(await UntilBreaksAsync(1))!;
        Assert.Equal(("not_requested", "open", 999, "EUR", null), ((string)found["kind"]!, (string)found["state"]!, (int)found["at_risk"]!["amount"]!, (string)found["at_risk"]!["currency"]!, found["order_id"]));
        var status = await _api.GetAsync("/v1/reconciliation");
        Assert.Equal((true, 1, 1), ((bool)status["enabled"]!, (int)status["open"]!, (int)status["open_by_kind"]!["not_requested"]!));
        await UntilMetricAsync("millrace_reconciliation_breaks", 1, ("kind", "not_requested"));
        await UntilMetricAsync("millrace_reconciliation_at_risk", 999, ("currency", "EUR"));

        using var visitor = new ConsoleVisitor(_settings.Address);
        await visitor.SignInAsync(NewKey.Of(_settings, "acme", Scopes.SystemOperate | Scopes.OrdersRead));
        var page = (await visitor.GetAsync("/payments")).Body;
        Assert.Contains("9.99 EUR", page, StringComparison.Ordinal);
        Assert.Contains("no order asked for it", page, StringComparison.Ordinal);
        var (id, token) = ((string)found["id"]!, await visitor.FormTokenAsync("/payments"));
        Assert.StartsWith("/payments?notice=Done", (await visitor.PostAsync($"/payments/breaks/{id}/assign", ("owner", "maria"), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/payments?problem=", (await visitor.PostAsync($"/payments/breaks/{id}/close", ("reason", " "), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.StartsWith("/payments?notice=Done", (await visitor.PostAsync($"/payments/breaks/{id}/close", ("reason", "voided by hand"), ("form_token", token))).Location, StringComparison.Ordinal);
        // Of a page that was shown before.
        Assert.StartsWith("/payments?problem=", (await visitor.PostAsync($"/payments/breaks/{id}/assign", ("shown", "open"), ("owner", "otto"), ("form_token", token))).Location, StringComparison.Ordinal);
        Assert.Equal(("closed", "maria"), (await _api.GetAsync("/v1/reconciliation/breaks/" + id)) is var kept ? ((string)kept["state"]!, (string)kept["owner"]!) : default);
        Assert.Contains("None: what was compared agrees.", (await visitor.GetAsync("/payments")).Body, StringComparison.Ordinal);
        Assert.Contains("voided by hand", (await visitor.GetAsync("/payments?state=closed")).Body, StringComparison.Ordinal);
        Assert.Equal(
            ["break.changed", "break.closed"], (await _api.GetAsync("/v1/audit"))["data"].AsArray().Where(entry => (string)entry!["subject"]! == id).Select(entry => (string)entry!["action"]!));
    }

    [Fact]
    public async Task A_payment_of_which_its_order_has_not_heard_ends_when_it_hears()
    {
        await _psp.SetFaultsAsync("""{"drop_webhook_rate":1}""");
        await _api.SendAsync("PUT", "/v1/psps/psp/paused");
        var placed = await _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), "k");
        var order = await Eventually.AsyncOf(() => _api.GetAsync("/v1/orders/" + placed.Id()), shown => (string?)shown["payment"]["pending"] == "authorize", "it asks");
        // As if the provider had done it and the answer was lost.
        var total = (int)order["total"]!;
        await _psp.ChargeAsync(placed.Id() + ":authorize:1", placed.Id(), total, "EUR", (string)Bodies.Order("MUG")["payment"]!["token"]!);
        var found = Assert.Single(await UntilBreaksAsync(1))!;
        Assert.Equal(("pending", placed.Id(), "acme", total), ((string)found["kind"]!, (string)found["order_id"]!, (string)found["tenant"]!, (int)found["ours"]!["amount"]!));
        Assert.Single((await _api.GetAsync("/v1/reconciliation/breaks?order=" + placed.Id()))["data"].AsArray());
        Assert.Empty((await _api.GetAsync($"/v1/reconciliation/breaks?order={OrderId.Create(1, 0, 1)}"))["data"].AsArray());
        using (var visitor = new ConsoleVisitor(_settings.Address))
        {
            await visitor.SignInAsync(NewKey.Of(_settings, "acme", Scopes.SystemOperate | Scopes.OrdersRead));
            Assert.Contains("authorize pending (open)", (await visitor.GetAsync("/orders/" + placed.Id())).Body, StringComparison.Ordinal);
            Assert.Contains($"of the order <code>{placed.Id()}</code>", (await visitor.GetAsync("/payments?state=all&order=" + placed.Id())).Body, StringComparison.Ordinal);
            await visitor.SignInAsync(NewKey.Of(_settings, "acme", Scopes.OrdersRead));
            var merchants = await visitor.GetAsync("/orders/" + placed.Id());
            Assert.Equal((200, false), (merchants.Status, merchants.Body.Contains("id=\"breaks\"", StringComparison.Ordinal)));
        }

        var path = $"/v1/reconciliation/breaks/{found["id"]}";
        (await _api.SendAsync("PUT", path, """{"state":"closed","reason":"never mind"}""")).Problem(409, "break_pending");
        Assert.Equal("maria", (string)(await _api.SendAsync("PUT", path, """{"state":"open","owner":"maria"}"""))["owner"]!);

        await _api.SendAsync("DELETE", "/v1/psps/psp/paused");
        await Eventually.Async(async () => (string)(await _api.GetAsync("/v1/orders/" + placed.Id()))["status"]! == "confirmed", "it is confirmed");
        var settled = await Eventually.AsyncOf(() => _api.GetAsync(path), shown => (string)shown["state"]! == "settled", "both agree", TimeSpan.FromMinutes(2));
        Assert.Equal(("maria", null), ((string)settled["owner"]!, settled["closed_by"]));
        (await _api.SendAsync("PUT", path, """{"state":"open","owner":"maria"}""")).Problem(409, "break_settled");
        Assert.Single(await _psp.EffectsAsync(placed.Id()));
    }

    [Fact]
    public async Task What_the_provider_lost_is_told_after_a_restart_of_both()
    {
        var order = (await _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), "k", "Prefer: wait=30")).Id();
        await UntilMetricAsync("millrace_reconciliation_operations_total", 1, ("result", "matched"));
        await _server.KillAsync();
        await _psp.DisposeAsync();
        await File.WriteAllTextAsync(Path.Combine(_folder["psp"], "psp.ndjson"), "");
        _psp = await PspSimulator.StartAsync(_folder["psp"], _pspPort, _settings.WebhookAddress, _settings.WebhookSecret!);
        _server = await ServerProcess.StartAsync(_settings);
        var found = Assert.Single(await UntilBreaksAsync(1))!;
        Assert.Equal(("missing", order, null), ((string)found["kind"]!, (string)found["order_id"]!, found["theirs"]));
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
        await _psp.DisposeAsync();
        _folder.Dispose();
    }

    private async Task<JsonArray> BreaksAsync() => (await _api.GetAsync("/v1/reconciliation/breaks"))["data"].AsArray();

    private Task<JsonArray> UntilBreaksAsync(int count) => Eventually.AsyncOf(BreaksAsync, breaks => breaks.Count == count, $"{count} breaks are open");

    private Task UntilMetricAsync(string name, double value, (string Name, string Value) label) => Eventually.Async(
        async () => Exposition.Read((await _api.GetAsync("/metrics")).Body).Sum(name, label) == value, $"{name} is {value}");
}
