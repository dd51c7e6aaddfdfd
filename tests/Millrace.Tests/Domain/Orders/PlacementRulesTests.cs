using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class PlacementRulesTests
{
    public static TheoryData<string, LineItem[]> OutOfBounds => new()
    {
        { "no line", [] },
        { "no units", [Given.Line(quantity: 0)] },
        { "units below zero of something free", [Given.Line(quantity: -1, priceMinor: 0)] },
        { "more units than a line may have", [Given.Line(quantity: LineItem.MaxQuantity + 1, priceMinor: 0)] },
        { "a price below zero", [Given.Line(priceMinor: 5_000), Given.Line(priceMinor: -1)] },
        { "a discount below zero", [new LineItem("tea", 1, 100, [new LineAmount("d", -1)], [])] },
        { "a tax below zero", [new LineItem("tea", 1, 100, [], [new LineAmount("t", -1)])] },
        { "too many lines", [.. Enumerable.Repeat(Given.Line(), OrderPlacement.MaxLines + 1)] },
    };

    [Theory]
    [MemberData(nameof(OutOfBounds))]
    public void An_order_out_of_bounds_is_refused(string what, LineItem[] lines)
    {
        OrderTotal.TryCompute(lines, 0, out var total);
        var order = new OrderUnderTest(Given.Placement());
        Assert.Equal((what, "invalid_order"),
            (what, order.Refused(new OrderCommand.Place(Given.Placement() with { Lines = lines, TotalMinor = total }))));
    }

    [Fact]
    public void Shipping_below_zero_is_refused() => Assert.Equal("invalid_order", new OrderUnderTest(Given.Placement())
        .Refused(new OrderCommand.Place(Given.Placement() with { ShippingMinor = -1, TotalMinor = 999 })));

    [Fact]
    public void A_total_that_is_not_the_sum_is_refused() => Assert.Equal("invalid_order", new OrderUnderTest(Given.Placement())
        .Refused(new OrderCommand.Place(Given.Placement() with { TotalMinor = 999 })));

    [Fact]
    public void The_longest_order_of_the_largest_lines_is_accepted()
    {
        var lines = Enumerable.Repeat(Given.Line(quantity: LineItem.MaxQuantity, priceMinor: 1), OrderPlacement.MaxLines).ToArray();
        Assert.Equal("Placed ReservationRequested", new OrderUnderTest(Given.Placement(lines)).Place());
    }

    [Fact]
    public void An_unknown_order_is_not_found() =>
        Assert.Equal("order_not_found", new OrderUnderTest(Given.Placement()).Refused(new OrderCommand.Cancel(null)));
}
