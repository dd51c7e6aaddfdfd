using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class FulfillmentTests
{
    [Fact]
    public void Only_a_confirmed_order_ships_and_only_a_shipped_one_is_delivered()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        Assert.Equal("not_shippable", order.Refused(new OrderCommand.Ship(null, null)));
        Assert.Equal("not_deliverable", order.Refused(new OrderCommand.Deliver()));
    }

    [Fact]
    public void A_canceled_order_does_not_ship()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Cancel(null));
        Assert.Equal("not_shippable", order.Refused(new OrderCommand.Ship(null, null)));
        Assert.Equal("not_holdable", order.Refused(new OrderCommand.PlaceHold("h", "fraud", null, null)));
        Assert.Equal("An order that is about to be canceled cannot be held.", order.Rejection(new OrderCommand.PlaceHold("h", "fraud", null, null)).Detail);
    }

    [Fact]
    public void Shipping_and_delivering_again_change_nothing()
    {
        var order = new OrderUnderTest(Given.Placement()).Shipped();
        Assert.Equal("", order.Do(new OrderCommand.Ship(order.Order.Fulfillment!.Carrier, "t1")));
        Assert.Equal("already_shipped", order.Refused(new OrderCommand.Ship("other", "t2")));
        order.Do(new OrderCommand.Deliver());
        Assert.Equal("", order.Do(new OrderCommand.Deliver()));
        Assert.Equal("t1", order.Order.Fulfillment!.Tracking);
    }
}
