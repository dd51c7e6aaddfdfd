using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Domain.Orders;

public sealed class OrderTotalTests
{
    [Fact]
    public void The_total_is_quantity_times_price_less_discounts_plus_taxes_plus_shipping()
    {
        LineItem[] lines =
        [
            new("tea", 3, 1_000, [new LineAmount("loyal", 500)], [new LineAmount("vat", 475)]),
            new("cup", 2, 250, [], []),
        ];
        Assert.True(OrderTotal.TryCompute(lines, 490, out var total));
        Assert.Equal(3_000 - 500 + 475 + 500 + 490, total);
    }

    [Fact]
    public void A_free_order_has_the_total_zero()
    {
        Assert.True(OrderTotal.TryCompute([Given.Line(priceMinor: 0)], 0, out var total));
        Assert.Equal(0, total);
    }

    [Fact]
    public void What_does_not_fit_64_bits_or_falls_below_zero_is_refused()
    {
        Assert.False(OrderTotal.TryCompute([Given.Line(quantity: 2, priceMinor: long.MaxValue)], 0, out _));
        Assert.False(OrderTotal.TryCompute([Given.Line(priceMinor: long.MaxValue)], 1, out _));
        Assert.False(OrderTotal.TryCompute([Given.Line(priceMinor: long.MaxValue), Given.Line()], 0, out _));
        Assert.False(OrderTotal.TryCompute([new LineItem("tea", 1, 100, [new LineAmount("d", 101)], [])], 500, out _));
        Assert.False(OrderTotal.TryCompute([new LineItem("tea", 1, 0, [new LineAmount("d", long.MaxValue), new LineAmount("d", 2)], [])], 0, out _));
        Assert.False(OrderTotal.TryCompute([Given.Line()], -1_001, out _));
    }
}
