using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(Processes.Name)]
public sealed class LifecycleTests(Shop shop)
{
    [Fact]
    public async Task A_canceled_order_gives_back_its_stock_and_its_money()
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.ConfirmedAsync(sku, 4);
        var answer = await PostAsync(order.Id(), "cancel", """{"reason":"changed their mind"}""");
        Assert.Equal(200, answer.Status);
        var canceled = await shop.UntilStatusAsync(order.Id(), "canceled");
        Assert.True((bool)canceled["payment"]["voided"]!);
        Assert.Equal((10, 0), await shop.StockAsync(sku));
        Assert.Equal(["authorize", "void"], await shop.Psp.EffectsAsync(order.Id()));
        Assert.Equal(answer.Body, (await PostAsync(order.Id(), "cancel", """{"reason":"changed their mind"}""")).Body);
    }

    [Fact]
    public async Task An_order_canceled_while_its_payment_is_under_way_ends_without_a_charge()
    {
        var sku = await shop.NewItemAsync(10);
        await using var slow = await shop.Psp.WithFaultsAsync("""{"latency_ms_p50":700}""");
        var order = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), sku);
        await shop.UntilAsync(order.Id(), o => (string?)o["payment"]["pending"] == "authorize", "the payment is under way");
        Assert.Equal(200, (await PostAsync(order.Id(), "cancel", "{}")).Status);
        await shop.UntilStatusAsync(order.Id(), "canceled");
        Assert.Equal(["authorize", "void"], await shop.Psp.EffectsAsync(order.Id()));
        Assert.Equal((10, 0), await shop.StockAsync(sku));
    }

    [Fact]
    public async Task A_hold_keeps_an_order_from_going_on_until_it_is_released()
    {
        var sku = await shop.NewItemAsync(10);
        await using (await shop.Psp.WithFaultsAsync("""{"latency_ms_p50":700}"""))
        {
            var order = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), sku);
            var held = await PostAsync(order.Id(), "holds", """{"kind":"fraud","reason":"odd address"}""");
            Assert.Equal("fraud", (string)held["holds"][0]!["kind"]!);
            // Money that was under way arrives, and the order still does not go on.
            await shop.UntilAsync(order.Id(), o => o.Payment("authorized") == 250 || (string?)o["payment"]["pending"] is null, "nothing is under way");
            Assert.Equal("pending", (await shop.Api.GetAsync("/v1/orders/" + order.Id())).Text("status"));
            (await PostAsync(order.Id(), "holds/hold_0/release", "{}")).Problem(404, "hold_not_found");
            Assert.Equal(200, (await PostAsync(order.Id(), $"holds/{held["holds"][0]!["id"]}/release", "{}")).Status);
            await shop.UntilStatusAsync(order.Id(), "confirmed");
        }
    }

    [Fact]
    public async Task A_held_order_is_not_shipped()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var held = await PostAsync(order.Id(), "holds", """{"kind":"address"}""");
        (await PostAsync(order.Id(), "ship", "{}")).Problem(409, "not_shippable");
        await PostAsync(order.Id(), $"holds/{held["holds"][0]!["id"]}/release", "{}");
        Assert.Equal(200, (await PostAsync(order.Id(), "ship", """{"carrier":"DHL"}""")).Status);
    }

    [Fact]
    public async Task A_parcel_that_leaves_is_charged_for_and_one_that_arrives_completes_the_order()
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.ConfirmedAsync(sku, 2);
        (await PostAsync(order.Id(), "deliver", "{}")).Problem(409, "not_deliverable");
        Assert.Equal(200, (await PostAsync(order.Id(), "ship", """{"carrier":"DHL","tracking":"T1"}""")).Status);
        var charged = await shop.UntilAsync(order.Id(), o => o.Payment("captured") == 500, "the money is captured");
        Assert.Equal(("captured", "fulfilled"), (charged.Text("payment_status"), charged.Text("fulfillment_status")));
        Assert.Equal(200, (await PostAsync(order.Id(), "ship", """{"carrier":"DHL","tracking":"T1"}""", "again")).Status);
        (await PostAsync(order.Id(), "ship", """{"carrier":"DHL","tracking":"T2"}""", "other")).Problem(409, "already_shipped");
        (await PostAsync(order.Id(), "cancel", "{}")).Problem(409, "already_shipped");
        Assert.Equal(200, (await PostAsync(order.Id(), "deliver", "{}")).Status);
        var completed = await shop.UntilStatusAsync(order.Id(), "completed");
        Assert.Equal(("delivered", "DHL"), (completed.Text("fulfillment_status"), (string)completed["fulfillment"]["carrier"]!));
        Assert.Equal((8, 0), await shop.StockAsync(sku));
        Assert.Equal(["authorize", "capture"], await shop.Psp.EffectsAsync(order.Id()));
    }

    [Fact]
    public async Task Money_goes_back_in_parts_and_never_more_than_was_taken()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10), 2);
        (await PostAsync(order.Id(), "refunds", """{"amount":1}""", "early")).Problem(409, "refund_too_large");
        await PostAsync(order.Id(), "ship", "{}");
        await shop.UntilAsync(order.Id(), o => o.Payment("captured") == 500, "the money is captured");
        Assert.Equal(202, (await PostAsync(order.Id(), "refunds", """{"amount":200}""", "part")).Status);
        var part = await shop.UntilAsync(order.Id(), o => o.Payment("refunded") == 200, "a part is refunded");
        Assert.Equal("partially_refunded", part.Text("payment_status"));
        (await PostAsync(order.Id(), "refunds", """{"amount":301}""", "more")).Problem(409, "refund_too_large");
        // A repeat is the same refund, not another one.
        Assert.Equal("true", (await PostAsync(order.Id(), "refunds", """{"amount":200}""", "part")).Header("Idempotent-Replayed"));
        (await PostAsync(order.Id(), "refunds", """{"amount":100}""", "part")).Problem(422, "idempotency_key_reused");
        Assert.Equal(202, (await PostAsync(order.Id(), "refunds", "{}", "rest")).Status);
        await shop.UntilAsync(order.Id(), o => o.Payment("refunded") == 500, "all is refunded");
        Assert.Equal([200L, 300L], (await shop.Psp.RecordsAsync()).Where(r => r.Order == order.Id() && r.Kind == "refund").Select(r => r.Amount));
    }

    [Fact]
    public async Task A_stock_adjustment_counts_once_and_never_takes_what_is_promised()
    {
        var sku = await shop.NewItemAsync(5);
        var first = await shop.Api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, 3), "adj-" + sku);
        var repeat = await shop.Api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, 3), "adj-" + sku);
        Assert.Equal((200, first.Body, "true"), (repeat.Status, repeat.Body, repeat.Header("Idempotent-Replayed")));
        await shop.ConfirmedAsync(sku, 6);
        (await shop.Api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment(sku, -3), "loss-" + sku)).Problem(409, "below_promised");
        Assert.Equal((2, 6), await shop.StockAsync(sku));
    }

    private Task<Millrace.Tests.Api.ApiAnswer> PostAsync(string order, string path, string body, string? key = null) =>
        shop.Api.PostAsync($"/v1/orders/{order}/{path}", body, key ?? "a key");
}
