using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Client;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Jobs;

/// <summary>Jobs that are told to pause, to go on and to end.</summary>
public sealed class JobControlTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_job_rests_while_it_is_paused_goes_on_when_it_is_resumed_and_ends_when_it_is_canceled()
    {
        var (customer, orders) = await server.OrdersAsync(20);
        var job = await server.StartAsync($$"""{"action":"hold","query":{"customer":"{{customer}}"},"rate":10}""");
        await server.UntilAsync(job, shown => (int)shown["processed"] > 0, "it has begun");
        Assert.Equal("paused", (await server.PostAsync($"/v1/jobs/{job}/pause", "", "p-" + job)).Text("status"));
        // What it is at, it brings to an end.
        var processed = 0;
        await Eventually.Async(async () => (processed = (int)(await server.GetAsync("/v1/jobs/" + job))["processed"]) == await HeldAsync(orders), "it rests");
        Assert.InRange(processed, 5, 15);

        Assert.Equal("running", (await server.PostAsync($"/v1/jobs/{job}/resume", "{}", "r-" + job)).Text("status"));
        // A late repeat of the pause is answered, and pauses nothing.
        var late = await server.PostAsync($"/v1/jobs/{job}/pause", "", "p-" + job);
        Assert.Equal((200, "true"), (late.Status, late.Header("Idempotent-Replayed")));
        Assert.NotEqual("paused", late.Text("status"));
        await server.UntilAsync(job, "done");
        Assert.Equal(orders.Select(order => (order, "changed", (string?)null)), await server.ResultsAsync(job));
        foreach (var verb in new[] { "pause", "resume", "cancel" })
            (await server.PostAsync($"/v1/jobs/{job}/{verb}", "", "late-" + verb)).Problem(409, "job_ended");

        var canceled = await server.StartAsync($$"""{"action":"release","query":{"customer":"{{customer}}"},"rate":10}""");
        await server.UntilAsync(canceled, now => (int)now["processed"] > 0, "it has begun");
        Assert.Equal("canceled", (await server.PostAsync($"/v1/jobs/{canceled}/cancel", "", "c-" + canceled)).Text("status"));
        Assert.InRange(await HeldAsync(orders), 5, 15);
    }

    [Fact]
    public async Task A_late_repeat_of_a_pause_that_changed_nothing_undoes_no_resume()
    {
        var (customer, _) = await server.OrdersAsync(20);
        var job = await server.StartAsync($$"""{"action":"hold","query":{"customer":"{{customer}}"},"rate":1}""");
        await server.PostAsync($"/v1/jobs/{job}/pause", "", "p1-" + job);
        var second = await server.PostAsync($"/v1/jobs/{job}/pause", "", "p2-" + job);
        Assert.Equal((200, "paused"), (second.Status, second.Text("status")));
        Assert.Equal("running", (await server.PostAsync($"/v1/jobs/{job}/resume", "", "r-" + job)).Text("status"));
        var late = await server.PostAsync($"/v1/jobs/{job}/pause", "", "p2-" + job);
        Assert.Equal((200, "true", "running"), (late.Status, late.Header("Idempotent-Replayed"), late.Text("status")));
        await server.PostAsync($"/v1/jobs/{job}/cancel", "", "c-" + job);
    }

    [Fact]
    public async Task Who_started_and_stopped_a_job_is_in_the_audit_log_but_not_whose_orders_they_are()
    {
        var (customer, _) = await server.OrdersAsync(2);
        var job = await server.StartAsync($$"""{"action":"hold","query":{"customer":"{{customer}}"},"rate":1}""");
        await server.PostAsync($"/v1/jobs/{job}/pause", "", "p-" + job);
        await server.PostAsync($"/v1/jobs/{job}/resume", "", "r-" + job);
        await server.PostAsync($"/v1/jobs/{job}/cancel", "", "c-" + job);
        using var client = new MillraceClient(new() { BaseAddress = server.Address, ApiKey = server.AdminKey });
        var entries = await client.Audit.ListAsync().Where(entry => entry.Subject == job).ToListAsync();
        Assert.Equal(["job.started", "job.paused", "job.resumed", "job.canceled"], entries.Select(entry => entry.Action));
        Assert.Equal("""{"action":"hold","filters":"customer","rate":1,"limit":10000}""", JsonNode.Parse(JsonSerializer.Serialize(entries[0].Detail))!.ToJsonString());
    }

    private async Task<int> HeldAsync(List<string> orders)
    {
        var held = 0;
        foreach (var order in orders)
            held += (await server.HoldsAsync(order)).Count;
        return held;
    }
}
