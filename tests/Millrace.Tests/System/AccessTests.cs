using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Domain.Identity;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The table of endpoints is the contract itself, so that a new one is held to this from its first day.</summary>
[Collection(Processes.Name)]
public sealed class AccessTests(Shop shop)
{
    private const string NobodysKey = "mr_live_SIVNQ8wJCULnEt0mcJQtFqslp0_1QBcoW";

    // Whose each parameter of a path is. One that is not here fails: its endpoint has not been thought of.
    private static readonly string[] OfTenants = ["id", "sku", "key", "job", "webhook"];
    private static readonly string[] OfTheInstallation = ["name", "tenant", "backup", "break"];

    private sealed record Endpoint(string Method, string Path, string Scope)
    {
        public IEnumerable<string> Parameters => Path.Split('/').Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}'));

        public Task<ApiAnswer> CallAsync(ApiClient client, string order, string sku, string key = "key_x", string job = "job_x", string webhook = "whk_x", string query = "")
        {
            var path = Path.Replace("{id}", order).Replace("{hold}", "hold_0000000000000000").Replace("{sku}", sku).Replace("{key}", key).Replace("{job}", job)
                .Replace("{tenant}", "acme").Replace("{name}", "a").Replace("{backup}", "x").Replace("{webhook}", webhook);
            var body = Path.EndsWith("/holds", StringComparison.Ordinal) ? """{"kind":"fraud"}"""
                : Path.EndsWith("/dismissal", StringComparison.Ordinal) ? """{"reason":"never mind"}"""
                : Path == "/v1/orders" ? Bodies.Order(sku).ToJsonString()
                : Method == "PUT" && Path == "/v1/items/{sku}" ? Bodies.Item() : "{}";
            return client.SendAsync(Method, path + query, Method == "GET" ? null : body, "Idempotency-Key: " + Guid.NewGuid());
        }
    }

    [Fact]
    public async Task Without_a_live_key_no_endpoint_is_reached()
    {
        using var nobody = new ApiClient(shop.Settings.Address, NobodysKey);
        foreach (var endpoint in await EndpointsAsync())
        {
            foreach (var client in new[] { shop.Anonymous, nobody })
            {
                var answer = await endpoint.CallAsync(client, "ord_x", "SKU");
                answer.Problem(401, "unauthenticated");
                Assert.StartsWith("Bearer", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Without_its_scope_no_endpoint_is_reached()
    {
        foreach (var endpoints in (await EndpointsAsync()).Where(e => e.Scope != "any").GroupBy(e => e.Scope, StringComparer.Ordinal))
        {
            Assert.True(ScopeNames.TryParse([endpoints.Key], out var scope));
            // All others. To lack one of them is to lack admin.
            using var client = await shop.NewClientAsync("acme", (Scopes.Admin | Scopes.SystemOperate) & ~(scope == Scopes.Admin ? Scopes.OpsWrite : scope));
            foreach (var endpoint in endpoints)
                (await endpoint.CallAsync(client, "ord_x", "SKU")).Problem(403, "insufficient_scope");
        }
    }

    [Fact]
    public async Task A_parameter_that_an_endpoint_does_not_have_is_refused_and_nothing_is_done()
    {
        var sku = await shop.NewItemAsync(10);
        using var client = await shop.NewClientAsync("acme", Scopes.Admin | Scopes.SystemOperate);
        foreach (var endpoint in await EndpointsAsync())
            (await endpoint.CallAsync(client, "ord_x", sku, query: "?dry_run=true")).Problem(400, "invalid_parameter");
        Assert.Equal((10, 0), await shop.StockAsync(sku));
    }

    [Fact]
    public async Task Another_tenants_ids_are_answered_as_if_there_were_none()
    {
        var sku = await shop.NewItemAsync(10);
        var mine = await shop.ConfirmedAsync(sku);
        var key = (await shop.Api.PostAsync("/v1/api-keys", $$"""{"name":"{{Guid.NewGuid()}}","scopes":["orders:read"]}""", Guid.NewGuid().ToString())).Id();
        var job = (await shop.Api.PostAsync("/v1/jobs", """{"action":"cancel","query":{"customer":"nobody"}}""", Guid.NewGuid().ToString())).Id();
        await Eventually.Async(async () => (await shop.Api.GetAsync("/v1/jobs/" + job)).Text("status") == "done", "the job is done");
        var webhook = (await shop.Api.PostAsync("/v1/webhooks", """{"url":"https://shop.example/"}""", Guid.NewGuid().ToString())).Id();
        var walked = 0;
        foreach (var endpoint in (await EndpointsAsync()).Where(e => e.Parameters.Any()))
        {
            var owned = endpoint.Parameters.Where(name => name != "hold").ToList();
            Assert.Empty(owned.Except([.. OfTenants, .. OfTheInstallation], StringComparer.Ordinal));
            // To put an item is to have one of one's own, whoever else has one of that name.
            if (!owned.Intersect(OfTenants, StringComparer.Ordinal).Any() || endpoint is { Method: "PUT", Path: "/v1/items/{sku}" })
                continue;
            var theirs = await endpoint.CallAsync(shop.Stranger, mine.Id(), sku, key, job, webhook);
            var nobodys = await endpoint.CallAsync(shop.Stranger, OfNobody(mine.Id()), "SKU-nobody", "key_nobody", OfNobody(job), "whk_nobody");
            theirs.Problem(404, theirs.Text("code"));
            Assert.Equal(WithoutTrace(nobodys), WithoutTrace(theirs));
            walked++;
        }

        Assert.InRange(walked, 19, 100);
        Assert.Equal(mine.Body, (await shop.Api.GetAsync("/v1/orders/" + mine.Id())).Body);
        Assert.Equal((9, 1), await shop.StockAsync(sku));
        var keys = (await shop.Api.GetAsync("/v1/api-keys"))["data"].AsArray();
        Assert.Equal("live", (string)keys.Single(k => (string)k!["id"]! == key)!["state"]!);
        Assert.DoesNotContain((await shop.Stranger.GetAsync("/v1/jobs"))["data"].AsArray(), theirs => (string)theirs!["id"]! == job);
        Assert.Equal("well", (await shop.Api.GetAsync("/v1/webhooks/" + webhook)).Text("state"));
        Assert.Empty((await shop.Stranger.GetAsync("/v1/webhooks"))["data"].AsArray());
        Assert.Equal(204, (await shop.Api.SendAsync("DELETE", "/v1/webhooks/" + webhook, "")).Status);
        Assert.Empty((await shop.Stranger.GetAsync($"/v1/orders?external_id=x&sku={sku}"))["data"].AsArray());
        Assert.Equal(204, (await shop.Api.SendAsync("DELETE", "/v1/api-keys/" + key, "")).Status);

        // Made by the one, it changes nothing of the other's.
        using var other = await shop.NewClientAsync("other-" + sku.ToLowerInvariant(), Scopes.StockRead | Scopes.StockWrite);
        Assert.Equal(201, (await other.SendAsync("PUT", "/v1/items/" + sku, Bodies.Item(price: 1))).Status);
        Assert.Equal(250, (int)(await shop.Api.GetAsync("/v1/items/" + sku))["price"]);
        Assert.Equal(0, (int)(await other.GetAsync("/v1/items/" + sku))["available"]);
    }

    [Fact]
    public async Task Another_tenants_items_are_not_found()
    {
        var sku = await shop.NewItemAsync(10);
        (await shop.Stranger.GetAsync("/v1/items/" + sku)).Problem(404, "item_not_found");
        (await shop.Stranger.GetAsync($"/v1/items/{sku}/availability")).Problem(404, "item_not_found");
        (await shop.Stranger.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, 5), "k")).Problem(422, "unknown_sku");
        (await shop.Stranger.PlaceAsync(Bodies.Order(sku).ToJsonString(), "k")).Problem(422, "unknown_sku");
        Assert.Equal((10, 0), await shop.StockAsync(sku));
    }

    [Fact]
    public async Task A_price_of_ones_own_needs_its_scope()
    {
        var sku = await shop.NewItemAsync(10);
        using var writer = await shop.NewClientAsync("acme", Scopes.OrdersWrite);
        var cheap = Bodies.Order(sku);
        cheap["lines"]![0]!["unit_price"] = 1;
        (await writer.PlaceAsync(cheap.ToJsonString(), sku)).Problem(403, "insufficient_scope");
        // The same by another name.
        var discounted = Bodies.Order(sku);
        discounted["lines"]![0]!["discounts"] = new JsonArray(new JsonObject { ["name"] = "friends", ["amount"] = 249 });
        (await writer.PlaceAsync(discounted.ToJsonString(), "d-" + sku)).Problem(403, "insufficient_scope");
        Assert.Equal(202, (await shop.Api.PlaceAsync(discounted.ToJsonString(), "d-" + sku)).Status);
        discounted["lines"]![0]!["discounts"]![0]!["amount"] = 0;
        Assert.Equal(202, (await writer.PlaceAsync(discounted.ToJsonString(), "n-" + sku)).Status);
        Assert.Equal(202, (await shop.Api.PlaceAsync(cheap.ToJsonString(), sku)).Status);
    }

    [Fact]
    public async Task A_revoked_key_ends_while_the_server_runs()
    {
        await using var keys = await KeyAdministration.OpenAsync(shop.Settings.DataDirectory, null, TestContext.Current.CancellationToken);
        var made = Assert.IsType<KeyOutcome.Made>(await keys.Keys.CreateAsync(
            TenantId.Parse("acme"), "revoked", Scopes.OrdersRead, null, KeyAdministration.Actor, null, TestContext.Current.CancellationToken));
        using var client = await shop.AdmittedAsync(made.Text);
        Assert.Equal(200, (await client.GetAsync("/v1/orders")).Status);
        Assert.True(await keys.Keys.RevokeAsync(made.Key.Id, null, KeyAdministration.Actor, TestContext.Current.CancellationToken));
        await Eventually.Async(async () => (await client.GetAsync("/v1/orders")).Status == 401, "the key is refused");
    }

    private async Task<List<Endpoint>> EndpointsAsync()
    {
        var paths = (await shop.Anonymous.GetAsync("/openapi/v1.json"))["paths"].AsObject();
        return [.. paths.SelectMany(path => path.Value!.AsObject()
            .Where(operation => operation.Value!["security"]![0]!["api_key"] is not null)
            .Select(operation => new Endpoint(operation.Key.ToUpperInvariant(), path.Key, Scope(operation.Value!))))];
    }

    private static string Scope(JsonNode operation) => ((string)operation["description"]!).Split(' ')[1].TrimEnd('.');

    // Of the same partition, so that the same node and the same code say no.
    private static string OfNobody(string order) => order[..^1] + (order[^1] == '0' ? '1' : '0');

    private static (int, string) WithoutTrace(ApiAnswer answer)
    {
        var body = JsonNode.Parse(answer.Body)!.AsObject();
        body.Remove("trace_id");
        return (answer.Status, body.ToJsonString());
    }
}
