using Millrace.Api.Overview;
using Xunit;

namespace Millrace.Tests.Api.Overview;

public sealed class NodeSamplesTests
{
    private readonly NodeSamples _samples = new();

    [Fact]
    public void What_is_left_of_the_error_budget_is_counted_in_orders_over_what_is_remembered()
    {
        Assert.Null(Add(placed: 0, unavailable: 0));
        Assert.Equal(1, Add(placed: 10_000, unavailable: 0));
        // One of 20,000 is half of a ten-thousandth.
        Assert.Equal(0.5, Add(placed: 9_999, unavailable: 1));
        Assert.Equal(0, Add(placed: 10_000, unavailable: 500));
        Assert.Equal(0, Assert.Single(_samples.Last(4, 4)).AcceptBudgetLeft);
    }

    [Fact]
    public void An_order_that_its_caller_must_change_was_answered_and_a_longer_second_counts_for_more()
    {
        Assert.Equal(1, Add(placed: 0, unavailable: 0, refused: 5_000));
        // Two seconds long: 10,000 orders more, one of them turned away, so one of 15,000.
        Assert.Equal(1 - (1 / 1.5), Add(placed: 4_999.5, unavailable: 0.5, seconds: 2)!.Value, 6);
    }

    [Fact]
    public void What_is_forgotten_is_forgiven_to_the_last_order()
    {
        Add(placed: 7.3, unavailable: 3.7);
        for (var second = 1; second < NodeSamples.Kept; second++)
            Add(placed: 1 / 3d, unavailable: 0, seconds: 3);
        Assert.Equal(0, Left());
        Assert.Equal(1, Add(placed: 1, unavailable: 0));
    }

    private double? Add(double placed, double unavailable, double refused = 0, double seconds = 1)
    {
        _samples.Add(new NodeSample(
            DateTimeOffset.UnixEpoch, placed, refused, unavailable, 0, 0, null, null, null, 0, 0, 0, 0, 0, 0, 0, IsBreakerOpen: false, 0, 0, 0, seconds));
        return Left();
    }

    private double? Left() => _samples.Last(1, 1)[0].AcceptBudgetLeft;
}
