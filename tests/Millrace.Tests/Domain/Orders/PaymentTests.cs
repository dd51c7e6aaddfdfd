using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class PaymentTests
{
    [Fact]
    public void Refunds_never_exceed_what_was_captured()
    {
        var order = new OrderUnderTest(Given.Placement()).Shipped();
        Assert.Equal("refund_too_large", order.Refused(new OrderCommand.Refund(1_001, null)));
        Assert.Equal("refund_too_large", order.Refused(new OrderCommand.Refund(0, null)));
        Assert.Equal("refund_too_large", order.Refused(new OrderCommand.Refund(-1, null)));
        Assert.Equal("PaymentRequested", order.Do(new OrderCommand.Refund(400, null)));
        Assert.Equal("payment_in_flight", order.Refused(new OrderCommand.Refund(400, null)));
        order.PaymentSucceeds();
        Assert.Equal("refund_too_large", order.Refused(new OrderCommand.Refund(601, null)));
        order.Do(new OrderCommand.Refund(null, null));
        order.PaymentSucceeds();
        Assert.Equal(1_000, order.Order.Payment.RefundedMinor);
        Assert.Equal("refund_too_large", order.Refused(new OrderCommand.Refund(null, null)));
    }

    [Fact]
    public void Nothing_is_refunded_before_the_capture() =>
        Assert.Equal("refund_too_large", new OrderUnderTest(Given.Placement()).Confirmed().Refused(new OrderCommand.Refund(1, null)));

    [Fact]
    public void A_completed_order_can_still_be_refunded()
    {
        var order = new OrderUnderTest(Given.Placement()).Shipped();
        Assert.Equal("Delivered Completed", order.Do(new OrderCommand.Deliver()));
        Assert.Equal("PaymentRequested", order.Do(new OrderCommand.Refund(null, null)));
        Assert.Equal("PaymentSucceeded", order.PaymentSucceeds());
        Assert.Equal(OrderStatus.Completed, order.Order.Status);
    }

    [Fact]
    public void A_declined_capture_asks_a_person_and_is_tried_again_under_a_new_key()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Ship(null, null));
        order.StockAnswers();
        Assert.Equal("PaymentDeclined Parked", order.PaymentDeclines());
        Assert.Equal("capture_declined", order.Order.Parked!.Code);
        Assert.Equal("Resumed PaymentRequested", order.Do(new OrderCommand.Resume(null)));
        Assert.EndsWith(":capture:2", order.Order.PaymentKey(order.Pending.Step, order.Pending.Number), StringComparison.Ordinal);
    }

    [Fact]
    public void A_declined_refund_is_asked_for_again_once_it_is_resumed()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Ship("dhl", "t1"));
        order.StockAnswers();
        order.PaymentSucceeds();
        order.Do(new OrderCommand.Deliver());
        Assert.Equal(OrderStatus.Completed, order.Order.Status);
        Assert.Equal("PaymentRequested", order.Do(new OrderCommand.Refund(300, null)));
        Assert.Equal("PaymentDeclined Parked", order.PaymentDeclines());
        Assert.Equal("refund_declined", order.Order.Parked!.Code);

        Assert.Equal("Resumed PaymentRequested", order.Do(new OrderCommand.Resume(null)));
        Assert.Equal((PaymentStep.Refund, 2, 300), (order.Pending.Step, order.Pending.Number, order.Pending.AmountMinor));
        Assert.Equal("PaymentSucceeded", order.PaymentSucceeds());
        Assert.Equal(300, order.Order.Payment.RefundedMinor);
    }

    [Fact]
    public void A_larger_refund_takes_the_place_of_one_that_was_declined()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Ship("dhl", "t1"));
        order.StockAnswers();
        order.PaymentSucceeds();
        order.Do(new OrderCommand.Refund(300, null));
        order.PaymentDeclines();
        order.Do(new OrderCommand.Refund(400, null));

        Assert.Equal("Resumed", order.Do(new OrderCommand.Resume(null)));
        order.PaymentSucceeds();
        Assert.Equal((400L, (PendingPayment?)null), (order.Order.Payment.RefundedMinor, order.Order.Payment.Pending));
    }

    [Fact]
    public void A_declined_authorization_ends_the_order_though_it_was_parked_meanwhile()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        order.Do(new OrderCommand.Park("poison", "its rules failed"));
        Assert.Equal("PaymentDeclined", order.PaymentDeclines());
        Assert.Equal("Resumed ClosingStarted StockMoveRequested", order.Do(new OrderCommand.Resume(null)));
        Assert.Equal(OrderStatus.Rejected, order.Order.Closing!.Outcome);
    }

    [Fact]
    public void An_unknown_outcome_keeps_its_key_and_after_the_budget_the_order_is_parked()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        Assert.Equal("PaymentUnknown", order.PaymentUnknown());
        Assert.Equal(Given.NowMs + 1_000, order.Order.DueAtUnixMs);
        Assert.Equal("PaymentUnknown Parked", order.PaymentUnknown(isLast: true));
        Assert.Equal((2, 1), (order.Pending.Attempts, order.Pending.Number));
        Assert.Null(order.Order.DueAtUnixMs);
        Assert.Equal("not_parked", new OrderUnderTest(Given.Placement()).Confirmed().Refused(new OrderCommand.Resume(null)));

        Assert.Equal("Resumed", order.Do(new OrderCommand.Resume("checked with the PSP")));
        Assert.Equal((0, 1, (long?)0), (order.Pending.Attempts, order.Pending.Number, order.Order.DueAtUnixMs));
        Assert.True(order.Pending.IsUnknown);
        Assert.Equal("PaymentSucceeded StockMoveRequested Confirmed", order.PaymentSucceeds());
    }

    [Theory]
    [InlineData(true, "PaymentSucceeded Resumed StockMoveRequested Confirmed")]
    [InlineData(false, "Resumed PaymentDeclined ClosingStarted StockMoveRequested")]
    public void An_order_parked_for_an_unknown_outcome_goes_on_when_it_becomes_known(bool isSuccess, string facts)
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        order.PaymentUnknown(isLast: true);
        Assert.Equal(facts, isSuccess ? order.PaymentSucceeds() : order.PaymentDeclines());
    }

    [Fact]
    public void A_parked_order_that_is_canceled_is_undone_once_it_is_resumed()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        order.PaymentUnknown(isLast: true);
        Assert.Equal("ClosingStarted", order.Do(new OrderCommand.Cancel(null)));
        order.Do(new OrderCommand.Resume(null));
        order.PaymentSucceeds();
        order.StockAnswers();
        Assert.Equal("PaymentSucceeded Closed", order.PaymentSucceeds());
    }

    [Fact]
    public void A_repeated_answer_is_one_fact_and_an_answer_to_nothing_is_refused()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        Assert.Equal("", order.Do(new OrderCommand.PaymentSucceeded(PaymentStep.Authorize, 1, "again")));
        Assert.Equal("", order.Do(new OrderCommand.PaymentDeclined(PaymentStep.Authorize, 1, "no_funds", IsSoft: false)));
        Assert.Equal("unknown_payment", order.Refused(new OrderCommand.PaymentSucceeded(PaymentStep.Authorize, 2, "r")));
        Assert.Equal("unknown_payment", order.Refused(new OrderCommand.PaymentSucceeded(PaymentStep.Refund, 1, "r")));
    }
}
