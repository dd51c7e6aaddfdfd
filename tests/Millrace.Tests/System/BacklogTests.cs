using Millrace.Api.Keys;
using Millrace.Tests.Operating;
using Millrace.Tests.PspSimulator;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A payment provider that is away for longer than the backlog may be old.</summary>
public sealed class BacklogTests
{
    [Fact]
    public async Task While_orders_stand_still_for_too_long_new_ones_are_refused_and_all_else_goes_on()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { WebhookSecret = PspHost.Secret, More = ["--max-backlog-age", "00:00:02"] };
        await using var psp = await PspHost.StartAsync(webhooks: settings.WebhookAddress);
        settings = settings with { Psp = psp.Address };
        var key = NewKey.Of(settings, "acme", Scopes.Admin);
        await using var server = await ServerProcess.StartAsync(settings);
        using var api = new ApiClient(settings.Address, key);
        Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/tea", Bodies.Item())).Status);
        Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("tea", 1_000), "receipt")).Status);
        var order = Bodies.Order("tea").ToJsonString();
        await SetFaultsAsync(psp, """{"outage":true}""");
        var waiting = await api.PlaceAsync(order, "waits");
        Assert.Equal(202, waiting.Status);

        var number = 0;
        var refused = await Eventually.AsyncOf(() => api.PlaceAsync(order, $"new-{number++}"), answer => answer.Status != 202, "new orders are refused");
        refused.Problem(503, "backlog");
        Assert.InRange(int.Parse(refused.Header("Retry-After")!), 15, 60);
        // A batch is answered, and its row is not taken: what the level of service counts.
        var batch = await api.SendAsync("POST", "/v1/orders:batch", $$"""[{"idempotency_key":"row","order":{{order}}}]""");
        Assert.Equal((200, 503), (batch.Status, (int)batch["data"].AsArray().Single()!["status"]!));
        await Eventually.Async(
            async () => Exposition.Read((await api.GetAsync("/metrics")).Body).Sum("millrace_batch_rows_total", ("outcome", "unavailable")) == 1, "the row is counted");
        Assert.Equal(200, (await api.GetAsync("/v1/orders/" + waiting.Id())).Status);
        Assert.Equal(200, (await api.PostAsync($"/v1/orders/{waiting.Id()}/cancel", "{}", "cancel")).Status);

        await SetFaultsAsync(psp, "{}");
        await Eventually.AsyncOf(() => api.PlaceAsync(order, $"new-{number++}"), answer => answer.Status == 202, "new orders are taken again");
    }

    private static async Task SetFaultsAsync(PspHost psp, string json)
    {
        using var content = new StringContent(json);
        using var answer = await psp.Http.PutAsync("/faults", content);
        answer.EnsureSuccessStatusCode();
    }
}
