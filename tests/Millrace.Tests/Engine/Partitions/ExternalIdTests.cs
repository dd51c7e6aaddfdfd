using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class ExternalIdTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(8)]
    public void An_external_id_belongs_to_one_order_of_a_merchant_over_all_partitions(int partitions)
    {
        var shop = new PartitionHarness(partitions).WithItem();
        var ids = Enumerable.Range(0, 10).Select(i =>
        {
            shop.Place(Given.Keyed($"k{i}") with { ExternalId = "W-1" }, out var id);
            return id;
        }).ToArray();
        shop.Pump();

        var orders = ids.Select(shop.OrderOf).ToArray();
        Assert.Single(orders, o => o.Status == OrderStatus.Confirmed);
        Assert.Equal(9, orders.Count(o => o.Closing?.Code == "duplicate_external_id"));
        Assert.Equal(1, shop.ItemOf().Levels[0].Allocated);
        Assert.Single(shop.Psp.Effects);
    }

    [Fact]
    public void An_old_external_id_behind_the_filter_is_still_taken()
    {
        var shop = new PartitionHarness(4, new PartitionOptions { MaxRecentNames = 0, MaxOrdersInMemory = 0 }).WithItem();
        var first = shop.Placed(Given.Keyed("a") with { ExternalId = "W-1" });
        shop.Advance(1_000);
        shop.Advance(1_000);
        var second = shop.Placed(Given.Keyed("b") with { ExternalId = "W-1" });
        var third = shop.Placed(Given.Keyed("c") with { ExternalId = "W-2" });

        Assert.Equal(
            [OrderStatus.Confirmed, OrderStatus.Rejected, OrderStatus.Confirmed],
            new[] { first, second, third }.Select(id => shop.OrderOf(id).Status));
    }

    [Fact]
    public void Another_merchant_may_use_the_same_number()
    {
        var shop = new PartitionHarness(4).WithItem();
        shop.Placed(Given.Keyed("a") with { ExternalId = "W-1" });
        var theirs = shop.Placed(Given.Keyed("b") with { ExternalId = "W-1", Tenant = Given.Other });
        Assert.Equal("unknown_sku", shop.OrderOf(theirs).Closing!.Code);
    }
}
