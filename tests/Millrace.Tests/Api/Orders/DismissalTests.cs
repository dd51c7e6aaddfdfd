using Microsoft.Extensions.DependencyInjection;
using Millrace.Api.Keys;
using Millrace.Cluster;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Requests;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api.Orders;

/// <summary>Parked orders that a person puts out of sight, and back.</summary>
public sealed class DismissalTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly TenantId Acme = TenantId.Parse("acme");

    [Fact]
    public async Task A_dismissed_order_is_out_of_sight_until_it_is_restored()
    {
        var (seen, dismissed) = (await ParkedAsync(), await ParkedAsync());
        var path = $"/v1/orders/{dismissed}/dismissal";
        (await server.SendAsync("GET", path)).Problem(404, "dismissal_not_found");
        var made = await server.SendAsync("PUT", path, """{"reason":"Refunded by hand."}""");
        Assert.Equal((200, dismissed, "Refunded by hand."), (made.Status, (string)made["order_id"]!, (string)made["reason"]!));
        // Says what shall be: a repeat changes nothing, not even who and when.
        Assert.Equal(made.Body, (await server.SendAsync("PUT", path, """{"reason":"Refunded by hand."}""")).Body);
        Assert.Equal(made.Body, (await server.SendAsync("GET", path)).Body);

        await ShownAsync("attention=true", seen, isThere: true);
        await ShownAsync("attention=true", dismissed, isThere: false);
        await ShownAsync("attention=true&dismissed=true", dismissed, isThere: true);
        await ShownAsync("attention=true&dismissed=true", seen, isThere: false);
        await ShownAsync($"attention=true&sku=SOLD-OUT", dismissed, isThere: false);
        // A list of all orders is one of all orders.
        await ShownAsync("limit=200", dismissed, isThere: true);

        Assert.Equal((204, 204), ((await server.SendAsync("DELETE", path)).Status, (await server.SendAsync("DELETE", path)).Status));
        await ShownAsync("attention=true", dismissed, isThere: true);
        Assert.Equal(["order.dismissed", "order.restored"], (await server.SendAsync("GET", "/v1/audit?limit=200"))["data"].AsArray()
            .Where(entry => (string)entry!["subject"]! == dismissed).Select(entry => (string)entry!["action"]!));
    }

    [Fact]
    public async Task Whatever_happens_to_a_dismissed_order_brings_it_back()
    {
        var order = await ParkedAsync();
        await server.SendAsync("PUT", $"/v1/orders/{order}/dismissal", """{"reason":"never mind"}""");
        await ShownAsync("attention=true", order, isThere: false);
        Assert.Equal(200, (await server.PostAsync($"/v1/orders/{order}/resume", "{}", Guid.NewGuid().ToString())).Status);
        await ParkAsync(order);
        await ShownAsync("attention=true", order, isThere: true);
        (await server.SendAsync("GET", $"/v1/orders/{order}/dismissal")).Problem(404, "dismissal_not_found");
        Assert.Equal(200, (await server.SendAsync("PUT", $"/v1/orders/{order}/dismissal", """{"reason":"never mind"}""")).Status);
        await ShownAsync("attention=true", order, isThere: false);
    }

    [Fact]
    public async Task Only_a_parked_order_of_ones_own_is_dismissed_by_whoever_may()
    {
        var (parked, open) = (await ParkedAsync(), await PlaceAsync());
        const string Reason = """{"reason":"never mind"}""";
        (await server.SendAsync("PUT", $"/v1/orders/{open}/dismissal", Reason)).Problem(409, "not_parked");
        (await server.SendAsync("PUT", $"/v1/orders/{OrderId.Create(1, 0, 1)}/dismissal", Reason)).Problem(404, "order_not_found");
        foreach (var method in new[] { "GET", "PUT", "DELETE" })
        {
            (await server.SendAsync(method, $"/v1/orders/{parked}/dismissal", method == "PUT" ? Reason : null, server.NewKey("other", Scopes.Admin))).Problem(404, "order_not_found");
            if (method != "GET")
                (await server.SendAsync(method, $"/v1/orders/{parked}/dismissal", method == "PUT" ? Reason : null, server.NewKey("acme", Scopes.OrdersRead | Scopes.OrdersWrite))).Problem(403, "insufficient_scope");
        }

        foreach (var body in new[] { "{}", """{"reason":" "}""", """{"reason":1}""", """{"reason":""}""", $$"""{"reason":"{{new string('x', 501)}}"}""", """{"reason":"a","by":"b"}""" })
        {
            var refused = await server.SendAsync("PUT", $"/v1/orders/{parked}/dismissal", body);
            refused.Problem(422, "invalid_request");
            Assert.Single(refused["errors"].AsArray());
        }

        foreach (var query in new[] { "dismissed=true", "attention=false&dismissed=true", "attention=true&dismissed=1" })
            (await server.SendAsync("GET", "/v1/orders?" + query)).Problem(400, "invalid_parameter");
        await ShownAsync("attention=true", parked, isThere: true);
    }

    [Fact]
    public async Task Pages_of_many_are_whole_whatever_is_dismissed_among_them()
    {
        var tenant = TenantId.Parse("many");
        var key = server.NewKey("many", Scopes.Admin);
        var orders = new List<string>();
        for (var i = 0; i < 12; i++)
        {
            orders.Add(await PlaceAsync(key));
            await ParkAsync(orders[^1], tenant);
        }

        // Two of one millisecond stand as their ids do, which sort as their texts do.
        orders.Sort(StringComparer.Ordinal);
        foreach (var order in orders)
            await ShownAsync("attention=true&limit=200", order, isThere: true, key);
        foreach (var order in orders.Where((_, i) => i % 3 != 0))
            Assert.Equal(200, (await server.SendAsync("PUT", $"/v1/orders/{order}/dismissal", """{"reason":"never mind"}""", key)).Status);
        foreach (var (query, isDismissed) in new[] { ("attention=true", false), ("attention=true&dismissed=true", true) })
        {
            var found = new List<string>();
            for (string? cursor = ""; cursor is not null;)
            {
                var page = await server.SendAsync("GET", $"/v1/orders?{query}&limit=3{(cursor.Length == 0 ? "" : "&cursor=" + cursor)}", key: key);
                found.AddRange(page["data"].AsArray().Select(order => (string)order!["id"]!));
                cursor = (string?)page["next_cursor"];
            }

            Assert.Equal(orders.Where((_, i) => i % 3 != 0 == isDismissed).Reverse(), found);
        }
    }

    [Fact]
    public async Task Those_that_wait_are_counted_by_reason_dismissed_or_not_and_each_merchants_alone()
    {
        var (tenant, key) = (TenantId.Parse("counted"), server.NewKey("counted", Scopes.Admin));
        Assert.Empty((await server.SendAsync("GET", "/v1/orders/attention", key: key))["data"].AsArray());
        var orders = new List<string>();
        foreach (var code in new[] { "odd", "poison", "poison" })
        {
            orders.Add(await PlaceAsync(key));
            await ParkAsync(orders[^1], tenant, code);
        }

        await ShownAsync("attention_code=odd", orders[0], isThere: true, key);
        await ShownAsync("attention_code=odd", orders[1], isThere: false, key);
        foreach (var order in orders[1..])
            await ShownAsync("attention_code=poison", order, isThere: true, key);
        Assert.Equal(200, (await server.SendAsync("PUT", $"/v1/orders/{orders[2]}/dismissal", """{"reason":"never mind"}""", key)).Status);
        await ShownAsync("attention_code=poison", orders[2], isThere: false, key);
        await ShownAsync("attention_code=poison&dismissed=true", orders[2], isThere: true, key);

        var counted = await server.SendAsync("GET", "/v1/orders/attention", key: key);
        Assert.Equal(
            [("odd", 1, false, orders[0], orders[0]), ("poison", 2, false, orders[1..].Min(StringComparer.Ordinal)!, orders[1..].Max(StringComparer.Ordinal)!)],
            counted["data"].AsArray().Select(group => ((string)group!["code"]!, (int)group["orders"]!, (bool)group["has_more"]!, (string)group["oldest_order"]!, (string)group["newest_order"]!)));
        (await server.SendAsync("GET", "/v1/orders/attention?status=pending", key: key)).Problem(400, "invalid_parameter");
        (await server.SendAsync("GET", "/v1/orders/attention", key: server.NewKey("counted", Scopes.StockRead))).Problem(403, "insufficient_scope");
    }

    private async Task<string> ParkedAsync()
    {
        var order = await PlaceAsync();
        await ParkAsync(order);
        await ShownAsync("attention=true", order, isThere: true);
        return order;
    }

    private async Task<string> PlaceAsync(string? key = null)
    {
        Assert.InRange((await server.SendAsync("PUT", "/v1/items/SOLD-OUT", """{"name":"Mug","price":250,"currency":"EUR"}""", key)).Status, 200, 201);
        var placed = await server.SendAsync(
            "POST", "/v1/orders", """{"customer":{"id":"c1"},"currency":"EUR","lines":[{"sku":"SOLD-OUT","quantity":1}],"options":{"allow_backorder":true},"payment":{"token":"tok_visa"}}""", key,
            headers: [$"Idempotency-Key: {Guid.NewGuid()}"]);
        Assert.Equal(202, placed.Status);
        return (string)placed["id"]!;
    }

    private Task ParkAsync(string order) => ParkAsync(order, Acme);

    private async Task ParkAsync(string order, TenantId tenant, string code = "test")
    {
        Assert.True(OrderId.TryParse(order, out var id));
        var reply = await server.Services.GetRequiredService<PartitionRouter>().SendAsync(
            new PartitionRequest.ChangeOrder(id, tenant, new OrderCommand.Park(code, "by a test"), new Actor(ActorKind.System, null), null, null));
        Assert.Equal(ReplyStatus.Accepted, reply.Status);
    }

    // Lists are of the last checkpoint.
    private Task ShownAsync(string query, string order, bool isThere, string? key = null) => Eventually.Async(
        async () => (await server.SendAsync("GET", "/v1/orders?" + query, key: key))["data"].AsArray().Any(shown => (string)shown!["id"]! == order) == isThere,
        $"{order} is {(isThere ? "" : "not ")}listed by {query}");
}
