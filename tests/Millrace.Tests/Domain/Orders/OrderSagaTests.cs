using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class OrderSagaTests
{
    [Fact]
    public void An_order_goes_from_placed_to_completed()
    {
        var order = new OrderUnderTest(Given.Placement(Given.Line(quantity: 2)));

        Assert.Equal("Placed ReservationRequested", order.Place());
        Assert.Equal("StockReserved PaymentRequested", order.StockAnswers());
        Assert.Equal("PaymentSucceeded StockMoveRequested Confirmed", order.PaymentSucceeds());
        Assert.Equal("", order.StockAnswers());
        Assert.Equal("Shipped StockMoveRequested PaymentRequested", order.Do(new OrderCommand.Ship("dhl", "t1")));
        Assert.Equal("StockMoved", order.StockAnswers());
        Assert.Equal("PaymentSucceeded", order.PaymentSucceeds());
        Assert.Equal("Delivered Completed", order.Do(new OrderCommand.Deliver()));

        Assert.Equal((OrderStatus.Completed, 2_000, 2_000), (order.Order.Status, order.Order.Payment.AuthorizedMinor, order.Order.Payment.CapturedMinor));
        Assert.Equal(7, order.Order.SettledVersion);
    }

    [Fact]
    public void A_delivery_before_the_capture_completes_the_order_when_the_money_is_there()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        order.Do(new OrderCommand.Ship(null, null));
        Assert.Equal("Delivered", order.Do(new OrderCommand.Deliver()));
        order.StockAnswers();
        Assert.Equal("PaymentSucceeded Completed", order.PaymentSucceeds());
    }

    [Fact]
    public void A_free_order_asks_no_PSP()
    {
        var order = new OrderUnderTest(Given.Placement(Given.Line(priceMinor: 0)));
        order.Place();
        Assert.Equal("StockReserved StockMoveRequested Confirmed", order.StockAnswers());
        order.Do(new OrderCommand.Ship(null, null));
        order.StockAnswers();
        Assert.Equal("Delivered Completed", order.Do(new OrderCommand.Deliver()));
        Assert.Empty(order.Ledger);
    }

    [Fact]
    public void Money_is_asked_for_only_when_every_part_is_reserved()
    {
        var order = new OrderUnderTest(Given.Placement(Given.Line("tea"), Given.Line("cup"), Given.Line("pot"), Given.Line("tin")), partitions: 64);
        order.Place();
        Assert.True(order.Order.StockParts.Length > 1);

        Assert.EndsWith("StockReserved PaymentRequested", order.StockAnswers(), StringComparison.Ordinal);
        Assert.Single(order.History.OfType<OrderEvent.PaymentRequested>());
        Assert.EndsWith("Confirmed", order.PaymentSucceeds(), StringComparison.Ordinal);
    }

    [Fact]
    public void One_refused_part_rejects_the_order_and_releases_the_others()
    {
        var order = new OrderUnderTest(Given.Placement(Given.Line("tea"), Given.Line("cup"), Given.Line("pot")), partitions: 64);
        order.Place();
        Assert.Equal("StockRefused ClosingStarted", order.Do(new OrderCommand.StockRefused(0, "out_of_stock", "tea")));
        order.StockAnswers();
        order.StockAnswers();
        Assert.Equal((OrderStatus.Rejected, "out_of_stock"), (order.Order.Status, order.Order.Closing!.Code));
        Assert.All(order.Order.StockParts.Skip(1), p => Assert.Equal(StockPartStatus.Released, p.Status));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_declined_authorization_releases_the_stock_and_rejects_the_order(bool isSoft)
    {
        var order = new OrderUnderTest(Given.Placement());
        order.Place();
        order.StockAnswers();
        Assert.Equal("PaymentDeclined ClosingStarted StockMoveRequested", order.PaymentDeclines(isSoft));
        Assert.Equal("StockMoved Closed", order.StockAnswers());
        Assert.Equal((OrderStatus.Rejected, "payment_declined", "no_funds"), (order.Order.Status, order.Order.Closing!.Code, order.Order.Closing.Detail));
    }

    [Fact]
    public void A_refused_external_id_rejects_the_order_before_anything_is_reserved()
    {
        var order = new OrderUnderTest(Given.Placement() with { ExternalId = "W-1" });
        Assert.Equal("Placed ExternalIdRequested", order.Place());
        Assert.Equal("ExternalIdRefused ClosingStarted Closed", order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: false)));
        Assert.Equal("duplicate_external_id", order.Order.Closing!.Code);
    }

    [Fact]
    public void A_granted_external_id_lets_the_order_go_on()
    {
        var order = new OrderUnderTest(Given.Placement() with { ExternalId = "W-1" });
        order.Place();
        Assert.Equal("ExternalIdGranted ReservationRequested", order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: true)));
        Assert.Equal("", order.Do(new OrderCommand.ExternalIdAnswered(IsGranted: false)));
    }

    [Fact]
    public void A_placed_order_is_not_placed_again()
    {
        var order = new OrderUnderTest(Given.Placement()).Confirmed();
        Assert.Equal("already_placed", order.Refused(new OrderCommand.Place(Given.Placement())));
        Assert.Throws<InvalidOperationException>(() =>
            Order.Evolve(Given.Id(), order.Order, new OrderEvent.Placed(Given.Placement()), new EventContext(Given.NowMs, Actor.System)));
    }
}
