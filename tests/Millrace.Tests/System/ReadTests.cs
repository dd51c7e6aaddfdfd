using Millrace.Api.Keys;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(Processes.Name)]
public sealed class ReadTests(Shop shop)
{
    [Fact]
    public async Task An_order_that_the_client_has_already_is_not_sent_again()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var path = "/v1/orders/" + order.Id();
        var tag = order.Header("ETag")!;
        foreach (var condition in new[] { tag, "W/" + tag, "\"0\", " + tag, "*" })
        {
            var answer = await shop.Api.GetAsync(path, "If-None-Match: " + condition);
            Assert.Equal((304, "", tag), (answer.Status, answer.Body, answer.Header("ETag")));
        }

        Assert.Equal(200, (await shop.Api.GetAsync(path, "If-None-Match: \"0\"")).Status);
    }

    [Fact]
    public async Task A_change_for_another_version_is_refused_and_does_nothing()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var path = "/v1/orders/" + order.Id();
        (await shop.Api.PostAsync(path + "/cancel", "{}", "stale-" + order.Id(), "If-Match: \"1\"")).Problem(412, "version_mismatch");
        (await shop.Api.PostAsync(path + "/cancel", "{}", "bad-" + order.Id(), "If-Match: 1")).Problem(400, "invalid_header");
        Assert.Equal(order.Body, (await shop.Api.GetAsync(path)).Body);
        var canceled = await shop.Api.PostAsync(path + "/cancel", "{}", "stale-" + order.Id(), "If-Match: " + order.Header("ETag"));
        Assert.Equal(200, canceled.Status);
    }

    [Fact]
    public async Task What_the_last_orders_ask_for_most_is_told_to_whose_they_are_and_a_repeat_is_no_order()
    {
        using var shopkeeper = await shop.NewClientAsync("demand", Scopes.Admin);
        foreach (var sku in new[] { "CUP", "TEA" })
            Assert.Equal(201, (await shopkeeper.SendAsync("PUT", "/v1/items/" + sku, Bodies.Item())).Status);
        Assert.Empty((await shopkeeper.GetAsync("/v1/stock/demand"))["data"].AsArray());
        foreach (var (sku, units, key) in new[] { ("CUP", 4, "one"), ("TEA", 3, "two"), ("TEA", 2, "three"), ("TEA", 2, "three") })
            Assert.Equal(202, (await shopkeeper.PlaceAsync(Bodies.Order(sku, units).ToJsonString(), key)).Status);

        var wanted = await shopkeeper.GetAsync("/v1/stock/demand");
        Assert.Equal(
            [("TEA", 2, 5, 5), ("CUP", 1, 4, 4)],
            wanted["data"].AsArray().Select(one => ((string)one!["sku"]!, (int)one["lines"]!, (int)one["units"]!, (int)one["units_at_most"]!)));
        Assert.Equal("TEA", (string)Assert.Single((await shopkeeper.GetAsync("/v1/stock/demand?limit=1"))["data"].AsArray())!["sku"]!);
        Assert.DoesNotContain((await shop.Stranger.GetAsync("/v1/stock/demand"))["data"].AsArray(), one => (string)one!["sku"]! == "TEA");
        foreach (var odd in new[] { "limit=0", "limit=201", "limit=1&limit=2", "sku=TEA" })
            (await shopkeeper.GetAsync("/v1/stock/demand?" + odd)).Problem(400, "invalid_parameter");
    }

    [Fact]
    public async Task A_list_is_turned_page_by_page_newest_first()
    {
        var sku = await shop.NewItemAsync(100);
        var placed = new List<string>();
        for (var i = 0; i < 7; i++)
            placed.Add((await shop.ConfirmedAsync(sku)).Id());
        var path = $"/v1/orders?customer=c-{sku}&status=confirmed";
        // The list is what was checkpointed, which is a second or so behind.
        await Eventually.Async(async () => (await shop.Api.GetAsync(path))["data"].AsArray().Count == 7, "the list has all seven");

        var pages = new List<ApiAnswer>();
        for (var next = path + "&limit=3"; next is not null; next = pages[^1].Header("Link")?.Split('<', '>')[1])
            pages.Add(await shop.Api.GetAsync(next));
        Assert.Equal([3, 3, 1], pages.Select(p => p["data"].AsArray().Count));
        Assert.Equal([true, true, false], pages.Select(p => (bool)p["has_more"]));
        var ids = pages.SelectMany(p => p["data"].AsArray().Select(o => (string)o!["id"]!)).ToList();
        Assert.Equal(placed.Order(StringComparer.Ordinal), ids.Order(StringComparer.Ordinal));
        var times = pages.SelectMany(p => p["data"].AsArray().Select(o => (string)o!["placed_at"]!)).ToList();
        Assert.Equal(times.OrderDescending(StringComparer.Ordinal), times);
        var cursor = pages[0].Text("next_cursor");
        (await shop.Api.GetAsync($"/v1/orders?status=confirmed&cursor={cursor}")).Problem(400, "invalid_cursor");
        (await shop.Stranger.GetAsync($"{path}&cursor={cursor}")).Problem(400, "invalid_cursor");
    }

    [Fact]
    public async Task An_order_is_found_by_the_key_that_it_was_placed_with()
    {
        var sku = await shop.NewItemAsync(10);
        var key = $"no/{sku}?&=%41";
        var order = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), key, "Prefer: wait=30");
        Assert.Equal(201, order.Status);
        var path = "/v1/orders?idempotency_key=" + Uri.EscapeDataString(key);
        var found = await Eventually.AsyncOf(() => shop.Api.GetAsync(path), list => list["data"].AsArray().Count > 0, "the key is checkpointed");
        Assert.Equal([order.Id()], found["data"].AsArray().Select(one => (string)one!["id"]!));
        Assert.Empty((await shop.Api.GetAsync(path + "&status=rejected"))["data"].AsArray());
        Assert.Empty((await shop.Api.GetAsync(path + "x"))["data"].AsArray());
        Assert.Empty((await shop.Stranger.GetAsync(path))["data"].AsArray());
    }

    [Fact]
    public async Task Each_line_says_how_far_its_stock_is()
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.ConfirmedAsync(sku);
        Assert.Equal("allocated", (string)order["lines"].AsArray()[0]!["stock"]!);
        var canceled = (await shop.Api.PostAsync($"/v1/orders/{order.Id()}/cancel", "{}", "cancel-" + sku)).Status;
        Assert.Equal(200, canceled);
        await shop.UntilAsync(order.Id(), shown => (string?)shown["lines"].AsArray()[0]!["stock"] == "released", "it is given back");
        var refused = await shop.Api.PlaceAsync(Bodies.Order(sku, quantity: 11).ToJsonString(), "much-" + sku, "Prefer: wait=30");
        Assert.Equal(("rejected", "refused"), (refused.Text("status"), (string)refused["lines"].AsArray()[0]!["stock"]!));
        // Of several, those that are reserved together are refused together, and what the others held is given back.
        var others = new List<string>();
        for (var i = 0; i < 6; i++)
            others.Add(await shop.NewItemAsync(10));
        var many = Bodies.Order(sku, quantity: 11);
        foreach (var other in others)
            many["lines"]!.AsArray().Add(Bodies.Order(other)["lines"]![0]!.DeepClone());
        var mixed = await shop.Api.PlaceAsync(many.ToJsonString(), "many-" + sku, "Prefer: wait=30");
        await shop.UntilAsync(mixed.Id(), shown => shown.Text("status") == "rejected" && shown["lines"].AsArray().All(line => (string?)line!["stock"] is "refused" or "released"), "nothing is held");
        Assert.Equal("refused", (string)(await shop.Api.GetAsync("/v1/orders/" + mixed.Id()))["lines"].AsArray()[0]!["stock"]!);
    }

    [Fact]
    public async Task A_list_waits_for_what_its_reader_has_seen()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var token = "Consistency-Token: " + order.Header("Consistency-Token");
        var list = await shop.Api.GetAsync($"/v1/orders?customer={(string)order["customer"]["id"]!}", token);
        Assert.Equal(["confirmed"], list["data"].AsArray().Select(o => (string)o!["status"]!));
    }

    [Fact]
    public async Task The_timeline_tells_every_step_without_a_gap_and_the_order_as_it_was_at_each()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var path = "/v1/orders/" + order.Id();
        var events = (await shop.Api.GetAsync(path + "/events"))["data"].AsArray();
        Assert.Equal(Enumerable.Range(1, (int)order["version"]), events.Select(e => (int)e!["version"]!));
        Assert.Equal(
            ["order.placed.v1", "order.reservation_requested.v1", "order.stock_reserved.v1", "order.payment_requested.v1", "order.payment_succeeded.v1",
                "order.stock_move_requested.v1", "order.confirmed.v1"],
            events.Select(e => (string)e!["type"]!));
        foreach (var at in events.Select(e => (string)e!["at"]!).Distinct())
        {
            var last = events.Last(e => string.CompareOrdinal((string)e!["at"]!, at) <= 0)!["version"]!;
            Assert.Equal((int)last, (int)(await shop.Api.GetAsync($"{path}?as_of={at}"))["version"]);
        }

        // Events of one millisecond too, each apart.
        for (var version = 1; version <= events.Count; version++)
        {
            var then = await shop.Api.GetAsync($"{path}?version={version}");
            Assert.Equal((version, version < 7 ? "pending" : "confirmed"), ((int)then["version"], (string)then["status"]!));
        }

        (await shop.Api.GetAsync($"{path}?version={events.Count + 1}")).Problem(404, "order_not_found");
        (await shop.Api.GetAsync(path + "?version=0")).Problem(400, "invalid_parameter");
        (await shop.Api.GetAsync(path + "?version=1&version=2")).Problem(400, "invalid_parameter");
        (await shop.Api.GetAsync(path + "?version=1&as_of=2099-01-01T00:00:00Z")).Problem(400, "invalid_parameter");
        (await shop.Api.GetAsync(path + "?as_of=2020-01-01T00:00:00Z")).Problem(404, "order_not_found");
        (await shop.Api.GetAsync(path + "?as_of=yesterday")).Problem(400, "invalid_parameter");
    }

    [Fact]
    public async Task The_ledger_balances_in_every_entry()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10), quantity: 2);
        Assert.Equal(200, (await shop.Api.PostAsync($"/v1/orders/{order.Id()}/ship", "{}", order.Id())).Status);
        await shop.UntilAsync(order.Id(), o => o.Payment("captured") == 500, "the money is captured");
        var ledger = await shop.Api.GetAsync($"/v1/orders/{order.Id()}/ledger");
        Assert.Equal("EUR", ledger.Text("currency"));
        Assert.Equal(["authorize", "capture"], ledger["data"].AsArray().Select(e => (string)e!["kind"]!));
        foreach (var entry in ledger["data"].AsArray())
            Assert.Equal(0, entry!["postings"]!.AsArray().Sum(p => (long)p!["amount"]!));
        var sales = Assert.Single(ledger["balances"].AsArray(), p => (string)p!["account"]! == "sales");
        Assert.Equal(500, Math.Abs((long)sales!["amount"]!));
    }
}
