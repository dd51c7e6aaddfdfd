using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class HoldTests
{
    private static OrderCommand.PlaceHold Hold(string id, long? expires = null) => new(id, "fraud", "score 80", expires);

    [Fact]
    public void A_held_order_waits_and_goes_on_when_the_last_hold_is_released()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.Do(Hold("a"));
        order.Do(Hold("b"));
        Assert.Equal("StockReserved", order.StockAnswers());
        Assert.Equal("HoldReleased", order.Do(new OrderCommand.ReleaseHold("a")));
        Assert.Equal("HoldReleased PaymentRequested", order.Do(new OrderCommand.ReleaseHold("b")));
    }

    [Fact]
    public void A_hold_is_placed_once_and_released_once()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.Do(Hold("a"));
        Assert.Equal("", order.Do(Hold("a")));
        order.Do(new OrderCommand.ReleaseHold("a"));
        Assert.Equal("hold_not_found", order.Refused(new OrderCommand.ReleaseHold("a")));
    }

    [Fact]
    public void Holds_are_bounded()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        for (var i = 0; i < OrderDecider.MaxHolds; i++)
            order.Do(Hold($"h{i}"));
        Assert.Equal("too_many_holds", order.Refused(Hold("more")));
    }

    [Fact]
    public void Holds_that_come_and_go_for_ever_end()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        for (var i = 0; order.Order.Version < OrderDecider.MaxVersionForHolds; i++)
        {
            order.Do(Hold($"h{i}"));
            order.Do(new OrderCommand.ReleaseHold($"h{i}"));
        }

        Assert.Equal("too_many_holds", order.Refused(Hold("more")));
        Assert.StartsWith("ClosingStarted", order.Do(new OrderCommand.Cancel(null)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_hold_that_runs_out_expires_a_pending_order_and_frees_a_confirmed_one()
    {
        var pending = new OrderUnderTest(Given.Placement());
        pending.Place();
        pending.StockAnswers();
        pending.Do(Hold("a", Given.NowMs + 10));
        pending.PaymentSucceeds();
        Assert.Equal(Given.NowMs + 10, pending.Order.DueAtUnixMs);
        Assert.Equal("", pending.Do(new OrderCommand.CheckDue()));
        pending.NowMs += 10;
        Assert.Equal("HoldReleased ClosingStarted StockMoveRequested PaymentRequested", pending.Do(new OrderCommand.CheckDue()));
        pending.StockAnswers();
        pending.PaymentSucceeds();
        Assert.Equal((OrderStatus.Expired, "hold_expired"), (pending.Order.Status, pending.Order.Closing!.Code));

        var confirmed = new OrderUnderTest(Given.Placement()).Confirmed();
        confirmed.Do(Hold("a", Given.NowMs + 10));
        Assert.Equal("not_shippable", confirmed.Refused(new OrderCommand.Ship(null, null)));
        confirmed.NowMs += 10;
        Assert.Equal("HoldReleased", confirmed.Do(new OrderCommand.CheckDue()));
        Assert.Equal(OrderStatus.Confirmed, confirmed.Order.Status);
    }

    [Fact]
    public void Stock_reserved_for_a_held_order_is_given_back_when_the_reservation_runs_out()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.Do(Hold("a"));
        order.StockAnswers();
        order.NowMs = order.Order.DueAtUnixMs!.Value;
        Assert.Equal("ClosingStarted StockMoveRequested", order.Do(new OrderCommand.CheckDue()));
        Assert.Equal("StockMoved Closed", order.StockAnswers());
        Assert.Equal((OrderStatus.Expired, "reservation_expired"), (order.Order.Status, order.Order.Closing!.Code));
    }

    [Fact]
    public void A_reservation_never_runs_out_under_a_payment_in_flight()
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        order.NowMs += 10 * PlacementOptions.DefaultReservationTtlMs;
        Assert.Equal("", order.Do(new OrderCommand.CheckDue()));
        Assert.EndsWith("Confirmed", order.PaymentSucceeds(), StringComparison.Ordinal);
        Assert.Null(order.Order.DueAtUnixMs);
    }

    [Fact]
    public void The_reservation_time_begins_with_the_reservation_not_with_the_order()
    {
        var order = new OrderUnderTest(Given.Placement() with { ExternalId = "W-1" });
        order.Place();
        order.Do(Hold("a"));
        order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: true));
        order.NowMs += 2 * PlacementOptions.DefaultReservationTtlMs;
        Assert.Equal("HoldReleased ReservationRequested", order.Do(new OrderCommand.ReleaseHold("a")));

        Assert.Equal("", order.Do(new OrderCommand.CheckDue()));
        Assert.Equal(order.NowMs + PlacementOptions.DefaultReservationTtlMs, order.Order.DueAtUnixMs);
    }
}
