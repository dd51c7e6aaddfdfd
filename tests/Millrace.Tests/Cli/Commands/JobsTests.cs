using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class JobsTests(CliServer server)
{
    [Fact]
    public async Task A_job_is_started_followed_to_its_end_and_its_results_are_shown()
    {
        var sku = await server.NewItemAsync();
        foreach (var _ in new[] { 1, 2 })
            await server.RunAsync(0, "orders", "place", "--line", sku + ":1", "--customer", "c-jobs", "--wait", "30");
        await Eventually.Async(async () => (await server.RunAsync(0, "orders", "list", "--sku", sku, "--status", "confirmed", "-o", "ndjson")).Rows.Count == 2, "the list shows them");

        string[] start = ["jobs", "start", "hold", "--sku", sku, "--status", "confirmed", "--rate", "100", "--reason", "recalled"];
        var dry = await server.RunAsync(0, [.. start, "--dry-run", "-o", "json"]);
        Assert.Equal($$"""{"action":"hold","query":{"status":"confirmed","sku":"{{sku}}"},"reason":"recalled","rate":100}""", dry.Json["body"]!.ToJsonString());
        // What would be refused is refused, as far as that can be seen.
        await server.RunAsync(1, "jobs", "start", "cancel", "--status", "bogus", "--dry-run");
        await server.RunAsync(1, "jobs", "start", "cancel", "--status", "bogus");
        await server.RunAsAsync(server.Viewer, 5, [.. start, "--dry-run"]);
        await server.RunAsAsync(server.Viewer, 5, start);
        var job = (string)(await server.RunAsync(0, [.. start, "-o", "json"])).Json["id"]!;

        var last = (await server.RunAsync(0, "jobs", "get", job, "--watch", "--every", "0.05", "-o", "ndjson")).Rows[^1];
        Assert.Equal(("done", 2, 2), ((string)last["status"]!, (int)last["processed"]!, (int)last["changed"]!));
        Assert.All((await server.RunAsync(0, "jobs", "results", job, "-o", "ndjson")).Rows, row => Assert.Equal("changed", (string)row["outcome"]!));
        Assert.Single((await server.RunAsync(0, "jobs", "results", job, "--limit", "1", "-o", "ndjson")).Rows);
        Assert.Equal("done", (string)(await server.RunAsync(0, "jobs", "list", "-o", "ndjson")).Rows.Single(row => (string)row["id"]! == job)["status"]!);
        foreach (var verb in new[] { "pause", "resume", "cancel" })
        {
            await server.RunAsync(1, "jobs", verb, job, "--dry-run");
            await server.RunAsync(1, "jobs", verb, job);
            await server.RunAsync(4, "jobs", verb, "job_nothing");
        }
    }

    [Fact]
    public async Task A_job_is_paused_resumed_and_canceled_and_who_follows_it_is_told_that_it_was_not_done()
    {
        var sku = await server.NewItemAsync();
        foreach (var _ in new[] { 1, 2, 3 })
            await server.RunAsync(0, "orders", "place", "--line", sku + ":1", "--customer", "c-jobs", "--wait", "30");
        await Eventually.Async(async () => (await server.RunAsync(0, "orders", "list", "--sku", sku, "-o", "ndjson")).Rows.Count == 3, "the list shows them");
        var job = (string)(await server.RunAsync(0, "jobs", "start", "hold", "--sku", sku, "--rate", "1", "-o", "json")).Json["id"]!;
        Assert.Equal("paused", (string)(await server.RunAsync(0, "jobs", "pause", job, "-o", "json")).Json["status"]!);
        Assert.Equal("running", (string)(await server.RunAsync(0, "jobs", "resume", job, "-o", "json")).Json["status"]!);
        Assert.Equal("canceled", (string)(await server.RunAsync(0, "jobs", "cancel", job, "-o", "json")).Json["status"]!);
        await server.RunAsync(1, "jobs", "get", job, "--watch", "--every", "0.05");
    }
}
