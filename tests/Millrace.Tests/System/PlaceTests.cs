using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(Processes.Name)]
public sealed class PlaceTests(Shop shop)
{
    private readonly string _key = Guid.NewGuid().ToString();

    [Fact]
    public async Task A_client_that_waits_gets_the_confirmed_and_paid_order()
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.Api.PlaceAsync(Bodies.Order(sku, 3).ToJsonString(), _key, "Prefer: wait=30");
        Assert.Equal((201, "confirmed", "authorized"), (order.Status, order.Text("status"), order.Text("payment_status")));
        Assert.Equal("/v1/orders/" + order.Id(), order.Header("Location"));
        Assert.Equal($"\"{order["version"]}\"", order.Header("ETag"));
        Assert.Equal((7, 3), await shop.StockAsync(sku));
        var paid = Assert.Single(await shop.Psp.RecordsAsync(), r => r.Order == order.Id());
        Assert.Equal(("authorize", 750L, "EUR"), (paid.Kind, paid.Amount, paid.Currency));
    }

    [Fact]
    public async Task A_client_that_does_not_wait_gets_the_durable_order_at_once()
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), _key);
        Assert.Equal((202, "pending"), (order.Status, order.Text("status")));
        await shop.UntilStatusAsync(order.Id(), "confirmed");
    }

    [Fact]
    public async Task A_repeat_gets_the_first_answer_byte_for_byte_whatever_became_of_the_order()
    {
        var sku = await shop.NewItemAsync(10);
        var body = Bodies.Order(sku).ToJsonString();
        var first = await shop.Api.PlaceAsync(body, _key);
        await shop.UntilStatusAsync(first.Id(), "confirmed");
        Assert.Equal(200, (await shop.Api.PostAsync($"/v1/orders/{first.Id()}/cancel", "{}", _key)).Status);
        // A new price must not reach the repeat either.
        Assert.Equal(200, (await shop.Api.SendAsync("PUT", $"/v1/items/{sku}", Bodies.Item(price: 999))).Status);
        var repeat = await shop.Api.PlaceAsync(body, $"\"{_key}\"");
        Assert.Equal((first.Status, first.Body, first.Header("ETag")), (repeat.Status, repeat.Body, repeat.Header("ETag")));
        Assert.Equal((null, "true"), (first.Header("Idempotent-Replayed"), repeat.Header("Idempotent-Replayed")));
    }

    [Fact]
    public async Task A_repeat_that_waits_gets_the_same_confirmed_order()
    {
        var sku = await shop.NewItemAsync(10);
        var body = Bodies.Order(sku).ToJsonString();
        var first = await shop.Api.PlaceAsync(body, _key, "Prefer: wait=30");
        var repeat = await shop.Api.PlaceAsync(body, _key, "Prefer: wait=30");
        Assert.Equal((201, first.Body, "true"), (repeat.Status, repeat.Body, repeat.Header("Idempotent-Replayed")));
        Assert.Equal((9, 1), await shop.StockAsync(sku));
    }

    [Fact]
    public async Task A_key_is_not_used_for_another_payload()
    {
        var sku = await shop.NewItemAsync(10);
        var first = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), _key, "Prefer: wait=30");
        (await shop.Api.PlaceAsync(Bodies.Order(sku, 2).ToJsonString(), _key)).Problem(422, "idempotency_key_reused");
        Assert.Equal((9, 1), await shop.StockAsync(sku));
        // Keys are the tenant's own: another tenant's use of the same text is no reuse.
        Assert.Equal(201, first.Status);
        (await shop.Stranger.PlaceAsync(Bodies.Order(sku, 2).ToJsonString(), _key)).Problem(422, "unknown_sku");
    }

    [Fact]
    public async Task The_same_request_twenty_times_at_once_is_one_order()
    {
        var sku = await shop.NewItemAsync(100);
        var body = Bodies.Order(sku).ToJsonString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => shop.Api.PlaceAsync(body, _key, "Prefer: wait=30")));
        var id = Assert.Single(answers.Select(a => a.Id()).Distinct());
        Assert.Single(answers, a => a.Header("Idempotent-Replayed") is null);
        Assert.Equal(["authorize"], await shop.Psp.EffectsAsync(id));
        Assert.Equal((99, 1), await shop.StockAsync(sku));
    }

    [Fact]
    public async Task What_is_out_of_stock_is_rejected_and_holds_nothing()
    {
        var (sku, plenty) = (await shop.NewItemAsync(1), await shop.NewItemAsync(10));
        var body = Bodies.Order(sku, 2);
        body["lines"]!.AsArray().Add(Bodies.Order(plenty)["lines"]![0]!.DeepClone());
        var order = await shop.Api.PlaceAsync(body.ToJsonString(), _key, "Prefer: wait=30");
        Assert.Equal((200, "rejected", "out_of_stock"), (order.Status, order.Text("status"), (string)order["closing"]["code"]!));
        Assert.Equal((1, 0), await shop.StockAsync(sku));
        Assert.Equal((10, 0), await shop.StockAsync(plenty));
        Assert.Empty(await shop.Psp.EffectsAsync(order.Id()));
    }

    [Fact]
    public async Task The_last_units_are_sold_once()
    {
        var sku = await shop.NewItemAsync(10);
        var answers = await Task.WhenAll(Enumerable.Range(0, 25).Select(i =>
            shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), $"{_key}-{i}", "Prefer: wait=30")));
        Assert.Equal(10, answers.Count(a => a.Text("status") == "confirmed"));
        Assert.Equal(15, answers.Count(a => a.Text("status") == "rejected"));
        Assert.Equal((0, 10), await shop.StockAsync(sku));
    }

    [Fact]
    public async Task Rows_of_one_key_in_a_batch_are_the_order_and_then_its_repeats()
    {
        var order = Bodies.Order(await shop.NewItemAsync(10)).ToJsonString();
        var row = $$"""{"idempotency_key":"{{Guid.NewGuid()}}","order":{{order}}}""";
        var answer = await shop.Api.SendAsync("POST", "/v1/orders:batch", $"[{row},{row},{row}]", "Idempotency-Key: " + Guid.NewGuid());
        var rows = answer["data"].AsArray();
        Assert.Equal([false, true, true], rows.Select(r => (bool)r!["replayed"]!));
        Assert.Single(rows.Select(r => (string)r!["order"]!["id"]!).Distinct());
    }

    [Fact]
    public async Task An_external_id_names_one_order()
    {
        var sku = await shop.NewItemAsync(10);
        var body = Bodies.Order(sku).With("external_id", "INV-" + sku);
        var first = await shop.Api.PlaceAsync(body.ToJsonString(), _key, "Prefer: wait=30");
        var second = await shop.Api.PlaceAsync(body.With("expected_total", 250).ToJsonString(), _key + "-2", "Prefer: wait=30");
        Assert.Equal(("confirmed", "rejected"), (first.Text("status"), second.Text("status")));
        Assert.Equal("duplicate_external_id", (string)second["closing"]["code"]!);
        Assert.Equal((9, 1), await shop.StockAsync(sku));
    }

    [Theory]
    [InlineData("tok_decline", "card_declined")]
    [InlineData("tok_soft_decline", "insufficient_funds")]
    public async Task A_declined_payment_rejects_the_order_and_gives_the_stock_back(string token, string code)
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.Api.PlaceAsync(Bodies.Order(sku, 4, token).ToJsonString(), _key, "Prefer: wait=30");
        Assert.Equal((200, "rejected", "payment_declined"), (order.Status, order.Text("status"), (string)order["closing"]["code"]!));
        Assert.Equal(code, (string)order["payment"]["decline_code"]!);
        Assert.Equal((10, 0), await shop.StockAsync(sku));
        Assert.Empty(await shop.Psp.EffectsAsync(order.Id()));
    }
}
