using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Millrace.Tests.PspSimulator;

public sealed class WebhookTests
{
    [Fact]
    public async Task Every_effect_is_told_once_in_order_and_a_refusal_is_not()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var psp = await PspHost.StartAsync(webhooks: receiver.Address);

        var id = (await psp.AuthorizeAsync("a", amount: 500)).Id;
        await psp.AuthorizeAsync("a", amount: 500);
        await psp.FollowUpAsync(id, "captures", "too-much", 501);
        await psp.FollowUpAsync(id, "captures", "c", 500);
        await psp.FollowUpAsync(id, "refunds", "r", 500);
        await psp.AuthorizeAsync("d", token: "tok_soft_decline");
        var webhooks = await receiver.TakeAsync(4, TimeProvider.System);

        Assert.Equal(["authorization.succeeded", "capture.succeeded", "refund.succeeded", "authorization.declined"], webhooks.Select(w => w.Type));
        Assert.All(webhooks.Take(3), webhook => Assert.Equal((id, 500), (webhook.AuthorizationId, webhook.Amount)));
        Assert.Equal(("d", "insufficient_funds", true), (webhooks[3].Reference, webhooks[3].Code, webhooks[3].Soft));
    }

    [Fact]
    public async Task Duplicates_arrive_with_the_same_id()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var psp = await PspHost.StartAsync(webhooks: receiver.Address);
        await psp.PutFaultsAsync("""{"duplicate_webhook_rate":1}""");

        await psp.AuthorizeAsync("a");
        var webhooks = await receiver.TakeAsync(2, TimeProvider.System);

        Assert.Equal(webhooks[0], webhooks[1]);
    }

    [Fact]
    public async Task Out_of_order_webhooks_all_arrive_in_another_order()
    {
        const int held = 8;
        // The time stands still, so they are held until there are enough of them, however slow the machine.
        var time = new FakeTimeProvider();
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var psp = await PspHost.StartAsync(time, receiver.Address);
        await psp.PutFaultsAsync("""{"out_of_order_webhooks":true}""");
        string[] sent = [.. Enumerable.Range(0, held).Select(i => $"k{i}")];

        foreach (var key in sent)
            await psp.AuthorizeAsync(key);
        var arrived = (await receiver.TakeAsync(held, time)).Select(webhook => webhook.Reference).ToArray();

        Assert.NotEqual(sent, arrived);
        Assert.Equal(sent, arrived.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_refused_webhook_is_sent_again()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var psp = await PspHost.StartAsync(webhooks: receiver.Address);
        receiver.AnswerWith(500);

        await psp.AuthorizeAsync("a");
        var webhooks = await receiver.TakeAsync(2, TimeProvider.System);

        Assert.Equal(webhooks[0], webhooks[1]);
    }

    [Fact]
    public async Task A_dropped_webhook_never_comes_and_the_next_one_does()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var psp = await PspHost.StartAsync(webhooks: receiver.Address);

        await psp.PutFaultsAsync("""{"drop_webhook_rate":1}""");
        await psp.AuthorizeAsync("dropped");
        await psp.PutFaultsAsync("{}");
        await psp.AuthorizeAsync("told");

        Assert.Equal("told", Assert.Single(await receiver.TakeAsync(1, TimeProvider.System)).Reference);
    }
}
