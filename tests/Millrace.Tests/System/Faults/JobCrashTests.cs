using Millrace.Api.Keys;
using Millrace.Tests.Api;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>A job whose server is killed in the middle, and started again.</summary>
[Collection(OwnProcesses.Name)]
public sealed class JobCrashTests
{
    private const int Orders = 60;

    [Fact]
    public async Task A_job_goes_on_after_a_kill_with_each_order_exactly_once()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { More = ["--partitions", "4"] };
        using var api = new ApiClient(settings.Address, NewKey.Of(settings, "acme", Scopes.Admin));
        string job;
        await using (var first = await ServerProcess.StartAsync(settings))
        {
            await PlaceAsync(api);
            job = (await api.PostAsync("/v1/jobs", """{"action":"hold","query":{"customer":"c-MUG"},"rate":40}""", "hold-all")).Id();
            await UntilAsync(api, job, shown => (int)shown["processed"] > 0);
            await first.KillAsync();
        }

        await using var second = await ServerProcess.StartAsync(settings);
        Assert.InRange((int)(await api.GetAsync("/v1/jobs/" + job))["processed"], 1, Orders - 1);
        var done = await UntilAsync(api, job, shown => shown.Text("status") == "done");
        Assert.Equal((Orders, Orders), ((int)done["processed"], (int)done["changed"]));
        // The list shows them as they are once their partitions have written a checkpoint.
        var listed = await Eventually.AsyncOf(async () => (await api.GetAsync("/v1/orders?customer=c-MUG&limit=200"))["data"].AsArray(), all => all.All(order => order!["holds"]!.AsArray().Count > 0), "all are held");
        Assert.All(listed, order => Assert.Single(order!["holds"]!.AsArray()));
        var results = (await api.GetAsync($"/v1/jobs/{job}/results?limit=200"))["data"].AsArray().Select(row => (string)row!["order"]!);
        Assert.Equal(listed.Select(order => (string)order!["id"]!), results);
    }

    private static async Task PlaceAsync(ApiClient api)
    {
        Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status);
        Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", Orders), "receipt")).Status);
        var rows = string.Join(',', Enumerable.Range(0, Orders).Select(i => $$"""{"idempotency_key":"{{i}}","order":{{Bodies.Order("MUG").ToJsonString()}} }"""));
        Assert.Equal(200, (await api.SendAsync("POST", "/v1/orders:batch", $"[{rows}]")).Status);
        await Eventually.Async(async () => (await api.GetAsync("/v1/orders?status=confirmed&limit=200"))["data"].AsArray().Count == Orders, "all are confirmed and listed");
    }

    private static Task<ApiAnswer> UntilAsync(ApiClient api, string job, Func<ApiAnswer, bool> isSo) =>
        Eventually.AsyncOf(() => api.GetAsync("/v1/jobs/" + job), isSo, "the job has come so far");
}
