using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class PaymentRetryTests
{
    private static readonly PartitionOptions Options = new() { PaymentAttempts = 4 };

    [Theory]
    [InlineData(PspAnswer.LostRequest)]
    [InlineData(PspAnswer.LostAnswer)]
    internal void An_unknown_outcome_is_asked_again_with_the_same_key_until_it_is_known(PspAnswer answer)
    {
        var shop = new PartitionHarness(options: Options).WithItem();
        var failures = 2;
        shop.Psp.Script = _ => failures-- > 0 ? answer : PspAnswer.Success;
        var id = shop.Placed();
        shop.RunUntil(() => shop.OrderOf(id).Status == OrderStatus.Confirmed);

        Assert.Equal([$"{id}:authorize:1"], shop.Psp.Requests.Select(r => r.IdempotencyKey).Distinct());
        Assert.Equal(3, shop.Psp.Requests.Count);
        Assert.Equal(1, shop.Psp.Requests[0].Attempt);
        Assert.All(shop.Psp.Requests.Skip(1), r => Assert.True(r.Attempt > 1));
        Assert.Single(shop.Psp.Effects);
    }

    [Fact]
    public void Pauses_double_and_are_the_same_in_every_process()
    {
        var shop = new PartitionHarness(options: Options);
        shop.WithItem();
        shop.Psp.Script = _ => PspAnswer.LostRequest;
        var id = OrderId.Create(Given.NowMs, 0, random: 512);
        shop.Send(0, new Millrace.Engine.Requests.PartitionRequest.PlaceOrder(id, Given.Placement(), Given.Shop));
        var pauses = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            shop.Pump();
            pauses.Add(shop.OrderOf(id).Payment.Pending!.RetryAtUnixMs - shop.NowMs);
            shop.Advance(pauses[^1]);
        }

        // Half the jitter of 500, 1,000 and 2,000 ms: 512 of 1,024.
        Assert.Equal([375, 750, 1_500], pauses);
    }

    [Fact]
    public void A_webhook_that_overtakes_the_answer_does_not_hold_up_the_payment_that_follows()
    {
        var shop = new PartitionHarness(options: Options).WithItem();
        shop.IsPspSlow = true;
        var id = shop.Placed();
        shop.Changed(id, new OrderCommand.Cancel("changed my mind"), Given.Key("c"));
        // The void is asked for while our own call for the authorization is still under way.
        shop.Changed(id, new OrderCommand.PaymentSucceeded(PaymentStep.Authorize, 1, "ref_webhook"));
        shop.IsPspSlow = false;
        shop.Pump();
        Assert.Equal((OrderStatus.Canceled, true), (shop.OrderOf(id).Status, shop.OrderOf(id).Payment.IsVoided));
    }

    [Fact]
    public void A_payment_that_waits_behind_a_commit_when_its_parked_order_leaves_the_memory_halts_nothing()
    {
        var shop = new PartitionHarness(options: Options with { MaxOrdersInMemory = 0 }).WithItem();
        var id = shop.Placed();
        shop.Changed(id, new OrderCommand.Ship("post", "1"), Given.Key("s"));
        shop.IsPspSlow = true;
        shop.Changed(id, new OrderCommand.Refund(300, null), Given.Key("r1"));
        var order = shop.OrderOf(id);
        var first = new PaymentRequest(PaymentOperation.Refund, order.Placement.Payment.Psp, id, 1, 300, order.Placement.Currency.Code, null, order.Payment.AuthorizationReference, 1);
        // Told by a webhook while the call is under way; another refund is asked for, and waits as its order does.
        shop.Changed(id, new OrderCommand.PaymentDeclined(PaymentStep.Refund, 1, "no", IsSoft: false));
        Assert.Equal("refund_declined", shop.OrderOf(id).Parked!.Code);
        shop.Changed(id, new OrderCommand.Refund(200, null), Given.Key("r2"));
        shop.Advance(1_000);
        shop.BeforeCommitted = _ =>
        {
            shop.BeforeCommitted = null;
            // The call ends while another order is being committed, and something makes room before that is done.
            shop[0].CompletePayment(first, new PaymentOutcome.Unknown("late"), shop.NowMs);
            shop[0].OrderLoaded(OrderId.Create(Given.NowMs, 0, random: 1), null, shop.NowMs);
            Assert.Equal(0, shop[0].OrdersInMemory - 1);
        };
        shop.Placed(Given.Keyed("other"));
        Assert.Null(shop.BeforeCommitted);
        Assert.Equal(("refund_declined", 2), (shop.OrderOf(id).Parked!.Code, shop.OrderOf(id).Payment.Pending!.Number));
        shop.IsPspSlow = false;
        shop.Changed(id, new OrderCommand.Resume(null), Given.Key("go on"));
        shop.RunUntil(() => shop.OrderOf(id).Payment.RefundedMinor == 200);
    }

    [Fact]
    public void A_payment_decided_after_the_one_that_just_became_durable_waits_for_its_own_commit()
    {
        var shop = new PartitionHarness(options: Options).WithItem();
        shop.Psp.Script = _ => PspAnswer.LostAnswer;
        var id = shop.Placed();
        shop.RunUntil(() => shop.OrderOf(id).Parked is not null);
        shop.Changed(id, new OrderCommand.Cancel("gave up"), Given.Key("c"));
        shop.Psp.Script = null;
        // While the resumption is being written, the provider's webhook settles what was to be tried again; a void follows.
        shop.BeforeAppend = batch =>
        {
            shop.BeforeAppend = null;
            shop.Change(id, new OrderCommand.PaymentSucceeded(PaymentStep.Authorize, 1, "ref_webhook"));
        };
        shop.Changed(id, new OrderCommand.Resume("looked at"), Given.Key("r"));
        Assert.Equal((OrderStatus.Canceled, true), (shop.OrderOf(id).Status, shop.OrderOf(id).Payment.IsVoided));
    }

    [Fact]
    public void After_the_budget_the_order_is_parked_and_a_person_can_resume_it()
    {
        var shop = new PartitionHarness(options: Options).WithItem();
        shop.Psp.Script = _ => PspAnswer.LostAnswer;
        var id = shop.Placed();
        shop.RunUntil(() => shop.OrderOf(id).Parked is not null);
        Assert.Equal((OrderParkCodes.PaymentUnknown, 4), (shop.OrderOf(id).Parked!.Code, shop.Psp.Requests.Count));
        shop.Advance(600_000);
        Assert.Equal((4, 0), (shop.Psp.Requests.Count, shop[0].Unsettled));

        shop.Psp.Script = null;
        shop.Changed(id, new OrderCommand.Resume("the PSP is back"));
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
        Assert.Single(shop.Psp.Effects);
    }

    [Fact]
    public void A_resumed_order_is_not_charged_again_though_the_PSP_has_forgotten_the_key()
    {
        var shop = new PartitionHarness(options: Options).WithItem();
        shop.Psp.KeyLifetimeMs = 24 * 3_600_000;
        shop.Psp.Script = _ => PspAnswer.LostAnswer;
        var id = shop.Placed();
        shop.RunUntil(() => shop.OrderOf(id).Parked is not null);

        shop.Psp.Script = null;
        shop.Advance(25 * 3_600_000);
        shop.Changed(id, new OrderCommand.Resume(null));
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
        Assert.Single(shop.Psp.Effects);
    }

    [Fact]
    public void A_crash_between_effect_and_answer_asks_again_with_the_same_key()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Placement(), out var id);
        while (shop.Psp.Effects.Count == 0)
            shop.Step();
        shop.Psp.KeyLifetimeMs = 0;
        shop.Crash(0);
        shop.RunUntil(() => shop.OrderOf(id).Status == OrderStatus.Confirmed);
        Assert.Single(shop.Psp.Effects);
        Assert.Equal(2, shop.Psp.Requests.Count);
    }

    [Fact]
    public void A_decline_gives_the_stock_back()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Psp.Script = _ => PspAnswer.Decline;
        var id = shop.Placed();
        Assert.Equal((OrderStatus.Rejected, "payment_declined"), (shop.OrderOf(id).Status, shop.OrderOf(id).Closing!.Code));
        Assert.Equal(100, shop.ItemOf().Available);
    }

    [Fact]
    public void A_success_after_the_cancel_is_voided()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Placement(), out var id);
        while (shop.Psp.Effects.Count == 0)
            shop.Step();
        shop.Changed(id, new OrderCommand.Cancel(null));

        Assert.Equal((OrderStatus.Canceled, 100), (shop.OrderOf(id).Status, shop.ItemOf().Available));
        Assert.Equal([PaymentOperation.Authorize, PaymentOperation.Void], shop.Psp.Effects.Select(e => e.Operation));
        Assert.Equal("ref_0", shop.Psp.Effects[1].AuthorizationReference);
    }

    [Fact]
    public void Parked_orders_do_not_fill_the_memory_while_the_PSP_is_away()
    {
        var shop = new PartitionHarness(options: Options with { MaxOrdersInMemory = 2, PaymentAttempts = 1 }).WithItem();
        shop.Psp.Script = _ => PspAnswer.LostRequest;
        var ids = Enumerable.Range(0, 10).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.InRange(shop[0].OrdersInMemory, 0, 2);

        shop.Psp.Script = null;
        foreach (var id in ids)
            shop.Changed(id, new OrderCommand.Resume(null));
        Assert.All(ids, id => Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status));
    }

    [Fact]
    public void A_payment_that_runs_is_not_started_again_by_any_timer()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Psp.Script = _ => PspAnswer.LostRequest;
        var id = shop.Placed();
        shop.Psp.Script = null;
        shop.IsPspSlow = true;
        shop.Advance(1_000);
        // A change while it runs: the next checkpoint sets the order's timer again.
        shop.Changed(id, new OrderCommand.PlaceHold("h", "fraud", null, null));
        for (var i = 0; i < 5; i++)
            shop.Advance(1_000);

        shop.IsPspSlow = false;
        shop.Pump();
        Assert.Equal(2, shop.Psp.Requests.Count);
    }

    [Fact]
    public void An_order_that_is_parked_while_its_payment_runs_stays_in_memory_for_the_answer()
    {
        var shop = new PartitionHarness(options: Options with { MaxOrdersInMemory = 0 }).WithItem();
        shop.IsPspSlow = true;
        var id = shop.Placed();
        shop.Changed(id, new OrderCommand.StockMoved(0, StockStep.Reserve));
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Equal(OrderParkCodes.Poison, shop.OrderOf(id).Parked!.Code);

        shop.IsPspSlow = false;
        shop.Pump();
        Assert.Equal(1_000, shop.OrderOf(id).Payment.AuthorizedMinor);
        shop.Changed(id, new OrderCommand.Resume(null));
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
    }
}
