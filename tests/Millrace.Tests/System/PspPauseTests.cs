using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.Operating;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A provider that an operator pauses, over a restart: its own record has the last word.</summary>
[Collection(OwnProcesses.Name)]
public sealed class PspPauseTests
{
    [Fact]
    public async Task Payments_wait_for_a_paused_provider_over_a_restart_and_each_is_made_once()
    {
        using var folder = new TemporaryFolder();
        var port = FreePort.Find();
        var settings = new ServerSettings(folder["node"]) { Psp = new Uri($"http://127.0.0.1:{port}"), More = ["--partitions", "4"] };
        await using var psp = await PspSimulator.StartAsync(folder["psp"], port, settings.WebhookAddress, settings.WebhookSecret!);
        using var api = new ApiClient(settings.Address, NewKey.Of(settings, "acme", Scopes.Admin | Scopes.SystemOperate));
        string[] orders;
        await using (var first = await ServerProcess.StartAsync(settings))
        {
            Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status);
            Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 10), "receipt")).Status);
            Assert.Equal("psp", (string)Assert.Single((await api.SendAsync("PUT", "/v1/psps/psp/paused"))["data"].AsArray())!["name"]!);
            orders = [await PlaceAsync(api, "1"), await PlaceAsync(api, "2")];
            await UntilHeldAsync(api, 2);
            // Another one is taken at its word, and said to have had no payment here.
            Assert.Equal(["nope False", "psp True"], (await api.SendAsync("PUT", "/v1/psps/nope/paused"))["data"].AsArray().Select(one => $"{one!["name"]} {(bool)one["seen"]!}"));
            await api.SendAsync("DELETE", "/v1/psps/nope/paused");
            Assert.Equal(["psp"], (await api.GetAsync("/v1/overview"))["paused_psps"].AsArray().Select(name => (string)name!));
            using var visitor = new ConsoleVisitor(settings.Address);
            await visitor.SignInAsync(NewKey.Of(settings, "acme", Scopes.SystemOperate | Scopes.OrdersRead));
            Assert.Contains("/cluster/psps/psp/resume", (await visitor.GetAsync("/cluster")).Body, StringComparison.Ordinal);
            Assert.Contains("an operator has paused", (await visitor.GetAsync("/")).Body, StringComparison.Ordinal);
            Assert.Equal(0, await first.StopAsync());
        }

        await using var second = await ServerProcess.StartAsync(settings);
        await UntilHeldAsync(api, 2);
        Assert.Empty(await psp.RecordsAsync());
        foreach (var order in orders)
            Assert.Equal(("pending", "authorize"), await StateAsync(api, order));
        Assert.Empty((await api.SendAsync("DELETE", "/v1/psps/psp/paused"))["data"].AsArray());
        foreach (var order in orders)
        {
            await Eventually.Async(async () => (await StateAsync(api, order)).Status == "confirmed", "it is paid and confirmed");
            Assert.Equal(["authorize"], await psp.EffectsAsync(order));
            var happened = (await api.GetAsync($"/v1/orders/{order}/events"))["data"].AsArray().Select(e => (string)e!["type"]!);
            // No attempt was counted while it waited.
            Assert.DoesNotContain("order.payment_unknown.v1", happened);
        }

        await UntilHeldAsync(api, 0);
    }

    private static async Task<string> PlaceAsync(ApiClient api, string key)
    {
        var placed = await api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), key);
        Assert.Equal(202, placed.Status);
        return placed.Id();
    }

    private static async Task<(string Status, string? Pending)> StateAsync(ApiClient api, string order)
    {
        var shown = await api.GetAsync("/v1/orders/" + order);
        return (shown.Text("status"), (string?)shown["payment"]["pending"]);
    }

    private static Task UntilHeldAsync(ApiClient api, int count) => Eventually.Async(
        async () => Exposition.Read((await api.GetAsync("/metrics")).Body).Of("millrace_psp_calls_held").Any(sample => sample.Value == count), $"{count} payments wait");
}
