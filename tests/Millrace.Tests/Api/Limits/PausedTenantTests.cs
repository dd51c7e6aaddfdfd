using Millrace.Api.Keys;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Limits;

public sealed class PausedTenantTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task Of_a_paused_merchant_no_new_order_is_taken_and_all_else_goes_on()
    {
        var (paused, other) = (server.NewKey("paused-one", Scopes.Admin), server.NewKey("other-one", Scopes.Admin));
        foreach (var key in new[] { paused, other })
            Assert.Equal(201, (await server.SendAsync("PUT", "/v1/items/MUG", Bodies.Item(), key)).Status);
        var first = await PlaceAsync("1", paused);
        Assert.Equal(202, first.Status);

        var told = await server.SendAsync("PUT", "/v1/tenants/paused-one/paused");
        var row = Assert.Single(told["data"].AsArray())!;
        Assert.Equal(("paused-one", true), ((string)row["name"]!, (bool)row["seen"]!));
        // Said again, it is so already.
        await server.SendAsync("PUT", "/v1/tenants/paused-one/paused");
        Assert.Equal(["paused-one"], (await server.SendAsync("GET", "/v1/overview"))["paused_tenants"].AsArray().Select(name => (string)name!));

        (await PlaceAsync("2", paused)).Problem(403, "tenant_paused");
        var batch = await server.SendAsync("POST", "/v1/orders:batch", $$"""[{"idempotency_key":"3","order":{{Bodies.Order("MUG").ToJsonString()}}}]""", paused);
        var refused = Assert.Single(batch["data"].AsArray())!;
        Assert.Equal((200, 403, "tenant_paused"), (batch.Status, (int)refused["status"]!, (string)refused["problem"]!["code"]!));
        var again = await PlaceAsync("1", paused);
        Assert.Equal((202, first.Id()), (again.Status, again.Id()));
        Assert.Equal(200, (await server.SendAsync("GET", $"/v1/orders/{first.Id()}", key: paused)).Status);
        Assert.Equal(200, (await server.SendAsync("PUT", "/v1/items/MUG", Bodies.Item(300), paused)).Status);
        Assert.Equal(202, (await PlaceAsync("1", other)).Status);

        Assert.Empty((await server.SendAsync("DELETE", "/v1/tenants/paused-one/paused"))["data"].AsArray());
        // What was refused left nothing behind: the same key is a new order now.
        Assert.Equal(202, (await PlaceAsync("2", paused)).Status);
        Assert.Equal(
            ["tenant.paused", "tenant.resumed"],
            (await server.SendAsync("GET", "/v1/audit", key: paused))["data"].AsArray().Select(entry => (string)entry!["action"]!).Where(action => action.StartsWith("tenant.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Pausing_is_for_whoever_runs_the_installation()
    {
        var merchant = server.NewKey("acme", Scopes.Admin);
        (await server.SendAsync("PUT", "/v1/tenants/acme/paused", key: merchant)).Problem(403, "insufficient_scope");
        (await server.SendAsync("DELETE", "/v1/tenants/acme/paused", key: merchant)).Problem(403, "insufficient_scope");
        (await server.SendAsync("GET", "/v1/tenants/paused", key: merchant)).Problem(403, "insufficient_scope");
        (await server.SendAsync("PUT", "/v1/tenants/No%20Name/paused")).Problem(404, "not_found");
        Assert.False((bool)(await server.SendAsync("PUT", "/v1/tenants/nobody-yet/paused"))["data"].AsArray().Single(row => (string)row!["name"]! == "nobody-yet")!["seen"]!);
        await server.SendAsync("DELETE", "/v1/tenants/nobody-yet/paused");
    }

    private Task<ApiAnswer> PlaceAsync(string idempotencyKey, string key) =>
        server.SendAsync("POST", "/v1/orders", Bodies.Order("MUG").ToJsonString(), key, headers: $"Idempotency-Key: {idempotencyKey}");
}
