using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class CancelTests
{
    private static readonly OrderCommand Cancel = new OrderCommand.Cancel("changed my mind");

    // The happy path has five steps before shipment; the order is canceled after each of them.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_cancel_at_any_step_undoes_exactly_what_was_done(int step)
    {
        var order = new OrderUnderTest(Given.Placement(Given.Line("tea"), Given.Line("cup")) with { ExternalId = "W-1" }, partitions: 64);
        Action[] steps =
        [
            () => order.Place(), () => order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: true)),
            () => order.StockAnswers(), () => order.PaymentSucceeds(), () => order.StockAnswers(),
        ];
        for (var i = 0; i <= step; i++)
            steps[i]();

        order.Do(Cancel);
        Finish(order);

        Assert.Equal((OrderStatus.Canceled, "changed my mind"), (order.Order.Status, order.Order.Closing!.Detail));
        Assert.DoesNotContain(order.Order.StockParts, p => p.HoldsStock || p.IsInFlight);
        Assert.False(order.Order.Payment.HoldsMoney);
        Assert.Equal(step >= 2, order.Order.Payment.IsVoided);
    }

    [Fact]
    public void A_success_that_comes_after_the_cancel_is_voided()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        Assert.Equal("ClosingStarted", order.Do(Cancel));
        Assert.Equal("PaymentSucceeded StockMoveRequested PaymentRequested", order.PaymentSucceeds());
        Assert.Equal(PaymentStep.Void, order.Pending.Step);
        Assert.Equal("StockMoved", order.StockAnswers());
        Assert.Equal("PaymentSucceeded Closed", order.PaymentSucceeds());
    }

    [Fact]
    public void A_decline_that_comes_after_the_cancel_leaves_nothing_to_void()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        order.Do(Cancel);
        Assert.Equal("PaymentDeclined StockMoveRequested", order.PaymentDeclines());
        Assert.Equal("StockMoved Closed", order.StockAnswers());
        Assert.Equal(OrderStatus.Canceled, order.Order.Status);
    }

    [Fact]
    public void A_declined_void_asks_a_person_and_is_tried_again_under_a_new_key()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(Cancel);
        order.StockAnswers();
        Assert.Equal("PaymentDeclined Parked", order.PaymentDeclines());
        Assert.Equal("void_declined", order.Order.Parked!.Code);
        Assert.Equal("Resumed PaymentRequested", order.Do(new OrderCommand.Resume(null)));
        Assert.Equal((PaymentStep.Void, 2), (order.Pending.Step, order.Pending.Number));
        Assert.Equal("PaymentSucceeded Closed", order.PaymentSucceeds());
    }

    [Fact]
    public void A_second_cancel_changes_nothing_and_other_ends_cannot_be_canceled()
    {
        var canceled = new OrderUnderTest(Given.Placement()).Confirmed();
        canceled.Do(Cancel);
        Assert.Equal("", canceled.Do(Cancel));
        Assert.Equal("already_shipped", new OrderUnderTest(Given.Placement()).Shipped().Refused(Cancel));
        var rejected = new OrderUnderTest(Given.Placement());
        rejected.Place();
        rejected.Do(new OrderCommand.StockRefused(0, "out_of_stock", "tea"));
        Assert.Equal("not_cancelable", rejected.Refused(Cancel));
        Assert.Equal("An order that is rejected cannot be canceled.", rejected.Rejection(Cancel).Detail);
    }

    private static void Finish(OrderUnderTest order)
    {
        for (var round = 0; round < 5 && !order.Order.Status.IsTerminal(); round++)
        {
            if (order.Order.ExternalIdStatus == ExternalIdStatus.Requested)
                order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: true));
            order.StockAnswers();
            if (order.Order.Payment.Pending is not null)
                order.PaymentSucceeds();
        }
    }
}
