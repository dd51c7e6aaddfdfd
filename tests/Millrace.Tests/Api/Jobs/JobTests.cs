using Millrace.Api.Keys;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Jobs;

/// <summary>Jobs over a query, asked of a real edge.</summary>
public sealed class JobTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task What_matches_is_done_once_each_and_told_and_nothing_else_is()
    {
        var (customer, orders) = await server.OrdersAsync(5);
        var other = await server.PlaceAsync("another", "SKU-" + customer);
        var job = await server.StartAsync($$"""{"action":"hold","query":{"customer":"{{customer}}","status":"confirmed"},"reason":"recalled","rate":100}""");
        var done = await server.UntilAsync(job, "done");
        Assert.Equal((5, 5, 5, 0), ((int)done["total"], (int)done["processed"], (int)done["changed"], (int)done["skipped"]));
        Assert.NotNull(done["ended_at"]);
        Assert.Equal(orders.Select(order => (order, "changed", (string?)null)), await server.ResultsAsync(job, pageSize: 2));
        foreach (var order in orders)
        {
            var hold = Assert.Single(await server.HoldsAsync(order))!;
            Assert.Equal(("operator", "recalled"), ((string)hold["kind"]!, (string)hold["reason"]!));
        }

        Assert.Empty(await server.HoldsAsync(other));

        var release = await server.StartAsync($$"""{"action":"release","query":{"customer":"{{customer}}"},"rate":100,"limit":3}""");
        Assert.Equal((3, 3), ((int)(await server.UntilAsync(release, "done"))["total"], (await server.ResultsAsync(release)).Count));
        foreach (var (order, place) in orders.Select((order, place) => (order, place)))
            Assert.Equal(place < 3 ? 0 : 1, (await server.HoldsAsync(order)).Count);
    }

    [Fact]
    public async Task An_order_that_cannot_be_changed_has_the_code_that_a_request_for_it_would_have()
    {
        var (customer, orders) = await server.OrdersAsync(2);
        Assert.Equal(200, (await server.PostAsync($"/v1/orders/{orders[0]}/ship", "{}", "ship-" + customer)).Status);
        var job = await server.StartAsync($$"""{"action":"cancel","query":{"customer":"{{customer}}"},"rate":100}""");
        await server.UntilAsync(job, "done");
        Assert.Equal([(orders[0], "refused", "already_shipped"), (orders[1], "changed", null)], await server.ResultsAsync(job));
        var retry = await server.StartAsync($$"""{"action":"retry","query":{"customer":"{{customer}}"},"rate":100}""");
        Assert.Equal(2, (int)(await server.UntilAsync(retry, "done"))["refused"]);
        Assert.All(await server.ResultsAsync(retry), row => Assert.Equal("not_parked", row.Code));
    }

    [Fact]
    public async Task The_same_key_is_the_same_job_and_what_is_asked_is_checked()
    {
        const string body = """{"action":"cancel","query":{"customer":"nobody-at-all"}}""";
        var first = await server.PostAsync("/v1/jobs", body, "job-1");
        var again = await server.PostAsync("/v1/jobs", body, "job-1");
        Assert.Equal((202, first.Id(), "true"), (again.Status, again.Id(), again.Header("Idempotent-Replayed")));
        (await server.PostAsync("/v1/jobs", body.Replace("cancel", "hold"), "job-1")).Problem(422, "idempotency_key_reused");
        (await server.SendAsync("POST", "/v1/jobs", body)).Problem(400, "idempotency_key_missing");
        foreach (var (wrong, pointer) in new[]
        {
            ("""{"query":{"customer":"c"}}""", "/action"), ("""{"action":"destroy","query":{"customer":"c"}}""", "/action"), ("""{"action":"cancel"}""", "/query"),
            ("""{"action":"cancel","query":{}}""", "/query"), ("""{"action":"cancel","query":{"attention":false}}""", "/query"), ("""{"action":"cancel","query":{"status":"lost"}}""", "/query/status"), ("""{"action":"cancel","query":{"attention":"true"}}""", "/query/attention"),
            ("""{"action":"cancel","query":{"created_after":"noon"}}""", "/query/created_after"), ("""{"action":"cancel","query":{"limit":"5"}}""", "/query/limit"),
            ("""{"action":"cancel","query":{"customer":"c"},"rate":101}""", "/rate"), ("""{"action":"cancel","query":{"customer":"c"},"limit":0}""", "/limit"),
        })
            Assert.Equal(pointer, Assert.Single((await server.PostAsync("/v1/jobs", wrong, Guid.NewGuid().ToString())).Problem(422, "invalid_request").Errors!).Pointer);
        (await server.GetAsync("/v1/jobs/job_x")).Problem(404, "job_not_found");
        (await server.GetAsync($"/v1/jobs/{first.Id()}/results?cursor=x")).Problem(400, "invalid_cursor");
        (await server.GetAsync($"/v1/jobs/{first.Id()}/results?limit=0")).Problem(400, "invalid_parameter");
    }

    [Fact]
    public async Task A_job_needs_what_its_action_needs_for_one_order()
    {
        var retrier = server.NewKey("acme", Scopes.OpsWrite);
        foreach (var action in new[] { "cancel", "hold", "release" })
            (await StartAsync(action)).Problem(403, "insufficient_scope");
        Assert.Equal(202, (await StartAsync("retry")).Status);

        Task<ApiAnswer> StartAsync(string action) => server.SendAsync(
            "POST", "/v1/jobs", $$"""{"action":"{{action}}","query":{"customer":"nobody"} }""", retrier, "application/json", "Idempotency-Key: scope-" + action);
    }

    [Fact]
    public async Task To_let_a_job_go_on_needs_what_its_start_needs()
    {
        var (admin, retrier) = (await BusyAsync("resumed"), server.NewKey("resumed", Scopes.OpsWrite));
        foreach (var (action, isEnough) in new[] { ("cancel", false), ("hold", false), ("release", false), ("retry", true) })
        {
            var job = (await SendAsync("", admin, Everything(action))).Id();
            Assert.Equal(200, (await SendAsync($"/{job}/pause", retrier)).Status);
            var resumed = await SendAsync($"/{job}/resume", retrier);
            if (isEnough)
                Assert.Equal(200, resumed.Status);
            else
                resumed.Problem(403, "insufficient_scope");
            Assert.Equal(200, (await SendAsync($"/{job}/resume", admin)).Status);
            Assert.Equal(200, (await SendAsync($"/{job}/cancel", retrier)).Status);
        }
    }

    [Fact]
    public async Task Of_many_that_are_started_at_once_as_many_begin_as_may()
    {
        var key = await BusyAsync("rush");
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SendAsync("", key, Everything("hold"))));
        var begun = answers.Where(answer => answer.Status == 202).Select(answer => answer.Id()).ToList();
        Assert.Equal(4, begun.Count);
        Assert.All(answers.Where(answer => answer.Status != 202), answer => answer.Problem(409, "too_many_jobs"));
        // One that ends makes room for another.
        Assert.Equal(200, (await SendAsync($"/{begun[0]}/cancel", key)).Status);
        Assert.Equal(202, (await SendAsync("", key, Everything("hold"))).Status);
        (await SendAsync("", key, Everything("hold"))).Problem(409, "too_many_jobs");
    }

    // A job over its orders, one a second, is at work for longer than any test.
    private async Task<string> BusyAsync(string tenant)
    {
        var key = server.NewKey(tenant, Scopes.Admin);
        Assert.Equal(201, (await server.SendAsync("PUT", "/v1/items/MUG", """{"name":"Mug","price":250,"currency":"EUR"}""", key)).Status);
        foreach (var order in Enumerable.Range(0, 60))
        {
            var placed = await server.SendAsync(
                "POST", "/v1/orders", """{"customer":{"id":"c1"},"currency":"EUR","lines":[{"sku":"MUG","quantity":1}],"options":{"allow_backorder":true},"payment":{"token":"tok_visa"}}""", key,
                headers: [$"Idempotency-Key: {order}"]);
            Assert.Equal(202, placed.Status);
        }

        await Eventually.Async(async () => (await server.SendAsync("GET", "/v1/orders?limit=200", key: key))["data"].AsArray().Count == 60, "they are listed");
        return key;
    }

    private static string Everything(string action) => $$"""{"action":"{{action}}","query":{"created_after":"2000-01-01T00:00:00Z"},"rate":1}""";

    private Task<ApiAnswer> SendAsync(string path, string key, string body = "") =>
        server.SendAsync("POST", "/v1/jobs" + path, body, key, "application/json", $"Idempotency-Key: {Guid.NewGuid()}");

    [Fact]
    public async Task A_tenant_has_its_own_jobs_a_few_at_a_time_and_its_orders_alone()
    {
        var (customer, orders) = await server.OrdersAsync(1);
        var stranger = server.NewKey("crowded", Scopes.Admin);
        var jobs = new List<string>();
        foreach (var number in Enumerable.Range(1, 4))
        {
            var started = await SendAsync("POST", "/v1/jobs", $$"""{"action":"cancel","query":{"customer":"{{customer}}"},"rate":100}""", number.ToString());
            Assert.Equal(202, started.Status);
            jobs.Add(started.Id());
            // Paused is open too; the first may be over already, and another takes its place.
            await SendAsync("POST", $"/v1/jobs/{started.Id()}/pause", "{}", "pause-" + number);
        }

        await Eventually.Async(async () =>
        {
            var open = (await SendAsync("GET", "/v1/jobs"))["data"].AsArray().Count(job => (string)job!["status"]! is "running" or "paused");
            var more = await SendAsync("POST", "/v1/jobs", """{"action":"cancel","query":{"customer":"nobody"}}""", Guid.NewGuid().ToString());
            if (open < 4)
            {
                await SendAsync("POST", $"/v1/jobs/{more.Id()}/pause", "{}", Guid.NewGuid().ToString());
                return false;
            }

            more.Problem(409, "too_many_jobs");
            return true;
        }, "four are paused, and a fifth is refused");
        (await server.GetAsync("/v1/jobs/" + jobs[0])).Problem(404, "job_not_found");
        (await server.PostAsync($"/v1/jobs/{jobs[0]}/cancel", "", Guid.NewGuid().ToString())).Problem(404, "job_not_found");
        Assert.Equal("confirmed", (await server.GetAsync("/v1/orders/" + orders[0])).Text("status"));
        Assert.DoesNotContain((await server.GetAsync("/v1/jobs"))["data"].AsArray(), job => jobs.Contains((string)job!["id"]!));

        Task<ApiAnswer> SendAsync(string method, string path, string? body = null, string? key = null) =>
            server.SendAsync(method, path, body, stranger, "application/json", key is null ? [] : ["Idempotency-Key: " + key]);
    }
}
