using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Millrace.Tests.Api;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Money under faults: the provider's own record has the last word.</summary>
[Collection(Processes.Name)]
public sealed class PspTests(Shop shop)
{
    private const string Webhooks = "/v1/psp/psp/webhooks";

    [Fact]
    public async Task A_webhook_moves_an_order_only_with_the_providers_signature()
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var paid = Assert.Single(await shop.Psp.RecordsAsync(), r => r.Order == order.Id());
        var body = Webhook(order.Id(), "authorization.succeeded", paid.Reference, paid.Id);
        var now = DateTimeOffset.UtcNow;
        Assert.Equal(204, (await shop.Anonymous.SendAsync("POST", Webhooks, body, Signature(body, now))).Status);
        (await shop.Anonymous.SendAsync("POST", Webhooks, body)).Problem(400, "signature_refused");
        (await shop.Anonymous.SendAsync("POST", Webhooks, body + " ", Signature(body, now))).Problem(400, "signature_refused");
        (await shop.Anonymous.SendAsync("POST", Webhooks, body, Signature(body, now, "another secret of tests"))).Problem(400, "signature_refused");
        (await shop.Anonymous.SendAsync("POST", Webhooks, body, Signature(body, now.AddMinutes(-6)))).Problem(400, "signature_refused");
        (await shop.Anonymous.SendAsync("POST", "/v1/psp/stripe/webhooks", body, Signature(body, now))).Problem(404, "not_found");
        Assert.Equal(order.Body, (await shop.Api.GetAsync("/v1/orders/" + order.Id())).Body);
    }

    [Theory]
    [InlineData("refund.succeeded", ":refund:1")]
    [InlineData("authorization.succeeded", ":authorize:2")]
    [InlineData("authorization.declined", ":nonsense:1")]
    public async Task A_webhook_about_a_payment_that_was_never_asked_for_is_refused(string type, string payment)
    {
        var order = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var body = Webhook(order.Id(), type, order.Id() + payment, "pa_1");
        (await shop.Anonymous.SendAsync("POST", Webhooks, body, Signature(body, DateTimeOffset.UtcNow))).Problem(409, "unknown_payment");
        Assert.Equal(order.Body, (await shop.Api.GetAsync("/v1/orders/" + order.Id())).Body);
    }

    [Fact]
    public async Task A_webhook_that_comes_before_the_answer_and_the_answer_are_one_fact()
    {
        var sku = await shop.NewItemAsync(10);
        // The effect, then its webhook, then an answer that says nothing of it.
        await using var faults = await shop.Psp.WithFaultsAsync("""{"error_after_rate":1,"duplicate_webhook_rate":1}""");
        var order = await shop.ConfirmedAsync(sku);
        Assert.Equal(1, await CountAsync(order.Id(), "order.payment_succeeded.v1"));
        Assert.Equal(["authorize"], await shop.Psp.EffectsAsync(order.Id()));
    }

    [Fact]
    public async Task Webhooks_twice_and_in_any_order_are_each_one_fact()
    {
        var sku = await shop.NewItemAsync(100);
        await using var faults = await shop.Psp.WithFaultsAsync("""{"out_of_order_webhooks":true,"duplicate_webhook_rate":1,"lost_answer_rate":0.3}""");
        var orders = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => shop.ConfirmedAsync(sku)));
        foreach (var order in orders)
        {
            Assert.Equal(200, (await shop.Api.PostAsync($"/v1/orders/{order.Id()}/ship", "{}", "ship")).Status);
            await shop.UntilAsync(order.Id(), o => o.Payment("captured") == 250, "the money is captured");
            Assert.Equal(2, await CountAsync(order.Id(), "order.payment_succeeded.v1"));
            Assert.Equal(["authorize", "capture"], await shop.Psp.EffectsAsync(order.Id()));
        }
    }

    [Fact]
    public async Task An_answer_that_is_lost_leads_to_one_charge()
    {
        var sku = await shop.NewItemAsync(10);
        ApiAnswer order;
        await using (await shop.Psp.WithFaultsAsync("""{"lost_answer_rate":1,"drop_webhook_rate":1}"""))
        {
            order = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), sku);
            await shop.UntilAsync(order.Id(), o => o.Text("payment_status") == "unknown", "the outcome is unknown");
            Assert.Equal("pending", (await shop.Api.GetAsync("/v1/orders/" + order.Id())).Text("status"));
        }

        await shop.UntilStatusAsync(order.Id(), "confirmed");
        Assert.Equal(["authorize"], await shop.Psp.EffectsAsync(order.Id()));
        Assert.InRange(await CountAsync(order.Id(), "order.payment_unknown.v1"), 1, 8);
    }

    [Fact]
    public async Task An_answer_that_is_lost_after_the_provider_forgot_the_key_still_leads_to_one_charge()
    {
        var sku = await shop.NewItemAsync(10);
        await using var faults = await shop.Psp.WithFaultsAsync("""{"drop_webhook_rate":1,"key_expiry_seconds":0}""");
        var order = await shop.Api.PlaceAsync(Bodies.Order(sku, token: "tok_timeout_once").ToJsonString(), sku, "Prefer: wait=30");
        Assert.Equal(201, order.Status);
        Assert.Equal(["authorize"], await shop.Psp.EffectsAsync(order.Id()));
    }

    [Fact]
    public async Task In_an_outage_of_the_provider_orders_are_taken_and_wait_for_its_end()
    {
        var sku = await shop.NewItemAsync(10);
        var placed = new List<string>();
        await using (await shop.Psp.WithFaultsAsync("""{"outage":true}"""))
        {
            for (var i = 0; i < 3; i++)
            {
                var order = await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), $"{sku}-{i}", "Prefer: wait=1");
                Assert.Equal((202, "pending"), (order.Status, order.Text("status")));
                placed.Add(order.Id());
            }

            foreach (var id in placed)
                await shop.UntilAsync(id, o => o.Text("payment_status") == "unknown", "the payment was tried");
            await shop.UntilAsync(placed[0], o => (int)o["payment"]["attempts"]! > 0 && o["payment"]["next_attempt_at"] is not null, "it says when it is tried again");
            Assert.Equal((7, 3), await shop.StockAsync(sku));
        }

        foreach (var id in placed)
        {
            await shop.UntilStatusAsync(id, "confirmed");
            Assert.Equal(["authorize"], await shop.Psp.EffectsAsync(id));
            var payment = (await shop.Api.GetAsync("/v1/orders/" + id))["payment"];
            Assert.Equal((0, null), ((int)payment["attempts"]!, payment["next_attempt_at"]));
        }
    }

    private async Task<int> CountAsync(string order, string type) =>
        (await shop.Api.GetAsync($"/v1/orders/{order}/events"))["data"].AsArray().Count(e => (string)e!["type"]! == type);

    private static string Webhook(string order, string type, string reference, string operation) => new JsonObject
    {
        ["id"] = "evt_1", ["type"] = type, ["operation_id"] = operation, ["reference"] = reference, ["order"] = order,
        ["authorization_id"] = operation, ["amount"] = 250, ["currency"] = "EUR",
    }.ToJsonString();

    private string Signature(string body, DateTimeOffset at, string? secret = null)
    {
        var seconds = at.ToUnixTimeSeconds();
        var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret ?? shop.Settings.WebhookSecret!), Encoding.UTF8.GetBytes($"{seconds}.{body}"));
        return $"Psp-Signature: t={seconds},v1={Convert.ToHexStringLower(hash)}";
    }
}
