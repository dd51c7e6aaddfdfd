using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

/// <summary>Answers that the decider of an earlier build could not take.</summary>
public sealed class SetAsideTests
{
    private static readonly OrderCommand Reserved = new OrderCommand.StockReserved(0, [new StockTake("tea", "main", 1)]);

    [Fact]
    public void An_answer_set_aside_is_taken_when_the_order_goes_on()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        Assert.Equal("AnswerSetAside Parked", order.Do(SetAside(Reserved)));
        Assert.Equal("Resumed StockReserved PaymentRequested", order.Do(new OrderCommand.Resume("mended")));
        Assert.Empty(order.Order.SetAside);
    }

    [Fact]
    public void Several_are_taken_in_the_order_in_which_they_came_and_repeats_change_nothing()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.Do(SetAside(new OrderCommand.ExternalIdAnswered(IsGranted: true)));
        Assert.Equal("AnswerSetAside", order.Do(SetAside(Reserved)));
        Assert.Equal("AnswerSetAside", order.Do(SetAside(Reserved)));
        Assert.Equal("Resumed StockReserved PaymentRequested", order.Do(new OrderCommand.Resume("mended")));
    }

    [Fact]
    public void A_late_answer_of_the_PSP_takes_them_too()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Ship(null, null));
        order.PaymentUnknown(isLast: true);
        order.Do(SetAside(new OrderCommand.StockMoved(0, StockStep.Deduct)));
        Assert.StartsWith("PaymentSucceeded Resumed StockMoved", order.PaymentSucceeds(), StringComparison.Ordinal);
    }

    private static OrderCommand SetAside(OrderCommand answer) => new OrderCommand.SetAside(answer, OrderParkCodes.Poison, "UnreachableException");
}
