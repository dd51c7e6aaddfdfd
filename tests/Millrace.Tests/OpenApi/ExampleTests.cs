using Microsoft.Extensions.DependencyInjection;
using System.Text.Json.Nodes;
using Millrace.Api.Backups;
using Millrace.Api.Psp;
using Millrace.Reconciliation.Breaks;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.OpenApi;

/// <summary>The document's own examples, sent to a server: they do what it says.</summary>
public sealed class ExampleTests(ApiServer server) : IClassFixture<ApiServer>
{
    // Nodes of a cluster, which this server is none of; their bodies are empty.
    private static readonly string[] OfAClusterOnly = ["list_nodes", "list_partitions", "drain_node", "undrain_node", "raise_payload_format"];

    // They do not end, and have tests of their own.
    private static readonly string[] Streams = ["stream_events"];

    private readonly HashSet<string> _sent = [];

    [Fact]
    public async Task Every_example_of_a_body_is_taken_by_a_server_and_answered_as_the_document_says()
    {
        await SendAsync(201, "put_item", "MUG");
        await SendAsync(200, "adjust_stock");
        await SendAsync(200, "get_item", "MUG");
        await SendAsync(200, "get_availability", "MUG");

        var order = await SendAsync(201, "place_order");
        var id = (string)order["id"]!;
        await SendAsync(200, "get_order", id);
        await SendAsync(200, "track_order", ((string)order["tracking_url"]!).Split('/')[^1]);
        await SendAsync(200, "list_order_events", id);
        await SendAsync(200, "get_order_ledger", id);
        var held = await SendAsync(200, "place_hold", id);
        await SendAsync(200, "release_hold", id, (string)held["holds"]![0]!["id"]!);
        await SendAsync(200, "ship_order", id);
        await SendAsync(200, "deliver_order", id);
        await UntilAsync(id, shown => (string)shown["status"]! == "completed");
        await SendAsync(202, "refund_order", id);
        // Nothing waits for a person: the one refusal here.
        await SendAsync(409, "resume_order", id);
        await SendAsync(409, "put_dismissal", id);
        await SendAsync(404, "get_dismissal", id);
        await SendAsync(204, "delete_dismissal", id);
        var rows = await SendAsync(200, "place_orders");
        await SendAsync(200, "cancel_order", (string)rows["data"]![0]!["order"]!["id"]!);
        await SendAsync(200, "list_orders");
        await SendAsync(200, "list_events");
        await SendAsync(200, "list_items");
        await SendAsync(200, "get_demand");

        var job = (string)(await SendAsync(202, "start_job"))["id"]!;
        await SendAsync(200, "list_jobs");
        await SendAsync(200, "list_job_results", job);
        await EndToEnd.Eventually.Async(async () => (string)(await SendAsync(200, "get_job", job))["status"]! == "done", "the job, which finds nothing, is done");
        // It is over: there is no more to say to it.
        foreach (var verb in new[] { "pause_job", "resume_job", "cancel_job" })
            await SendAsync(409, verb, job);

        var hook = (string)(await SendAsync(201, "create_webhook"))["id"]!;
        await SendAsync(200, "list_webhooks");
        await SendAsync(200, "get_webhook", hook);
        await SendAsync(200, "put_webhook", hook);
        await SendAsync(201, "rotate_webhook_secret", hook);
        // Nobody has that name: said without asking anybody.
        await SendAsync(200, "test_webhook", hook);
        await SendAsync(200, "list_deliveries", hook);
        await SendAsync(202, "replay_webhook", hook);
        await SendAsync(204, "delete_webhook", hook);

        var made = await SendAsync(201, "create_api_key");
        var rotated = await SendAsync(201, "rotate_api_key", (string)made["id"]!);
        await SendAsync(200, "list_api_keys");
        await SendAsync(204, "revoke_api_key", (string)rotated["id"]!);
        await SendAsync(200, "list_attention");
        await SendAsync(200, "list_audit");
        await SendAsync(200, "get_caller");
        await SendAsync(200, "get_overview");
        await SendAsync(200, "get_auditor");
        await SendAsync(200, "pause_psp", "another");
        await SendAsync(200, "list_paused_psps");
        await SendAsync(200, "resume_psp", "another");
        await SendAsync(200, "put_limits", "other");
        await SendAsync(200, "get_limits", "other");
        await SendAsync(200, "list_tenants");
        await SendAsync(200, "pause_tenant", "other");
        await SendAsync(200, "list_paused_tenants");
        await SendAsync(200, "resume_tenant", "other");
        await SendAsync(200, "get_caches");
        await SendAsync(200, "purge_public_caches");
        await SendAsync(200, "list_alerts");

        // As if it had been found.
        var found = new Break(Break.IdOf("k", "pa_1"), BreakKinds.NotRequested, "k", "pa_1", "authorize", DateTimeOffset.UnixEpoch) { Theirs = new BreakSide(5, "EUR") };
        Assert.NotNull(await server.Services.GetRequiredService<BreakStore>().TryAddAsync(found, default));
        await SendAsync(200, "get_reconciliation");
        await SendAsync(200, "list_breaks");
        await SendAsync(200, "put_break", found.Id);
        await SendAsync(200, "get_break", found.Id);

        server.NextBackup = new RunningBackup(() => (1, 1), Task.FromResult(new FinishedBackup("20260131T120000Z", DateTimeOffset.UnixEpoch, 1, 4, 1)));
        var backup = await SendAsync(202, "start_backup");
        await SendAsync(200, "get_backup", (string)backup["id"]!);
        server.NextWebhook = new PspWebhookResult.Ignored();
        await SendAsync(204, "psp_webhook", "psp");
        foreach (var probe in new[] { "livez", "readyz", "startupz" })
            await SendAsync(200, probe);
        Assert.Equal(Contract.Operations.Select(operation => operation.Id).Except(OfAClusterOnly).Except(Streams).Order(StringComparer.Ordinal), _sent.Order(StringComparer.Ordinal));
    }

    // The answer is held to the document by the server's test double of a client itself.
    private async Task<JsonNode> SendAsync(int status, string id, params string[] names)
    {
        _sent.Add(id);
        var operation = Contract.Find(id);
        var path = operation.Named("path").Zip(names).Aggregate(operation.Path, (at, part) => at.Replace($"{{{part.First}}}", part.Second, StringComparison.Ordinal));
        var answer = await server.SendAsync(operation.Method, path, operation.BodyExamples.FirstOrDefault()?.ToJsonString(), null, "application/json",
            [$"Idempotency-Key: {id}", .. id == "place_order" ? ["Prefer: wait=10"] : (string[])[]]);
        Assert.True(status == answer.Status, $"{id}: {answer.Status} {answer.Body}");
        return answer.Body.Length == 0 ? new JsonObject() : JsonNode.Parse(answer.Body)!;
    }

    private async Task UntilAsync(string id, Func<JsonNode, bool> isDone) =>
        await EndToEnd.Eventually.Async(async () => isDone(JsonNode.Parse((await server.SendAsync("GET", "/v1/orders/" + id)).Body)!), "the order is as expected");
}
