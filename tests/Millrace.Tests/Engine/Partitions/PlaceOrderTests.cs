using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class PlaceOrderTests
{
    [Fact]
    public void An_order_is_placed_reserved_paid_and_confirmed()
    {
        var shop = new PartitionHarness().WithItem(onHand: 10);
        var id = shop.Placed(Given.Placement(Given.Line(quantity: 3)));

        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
        Assert.Equal((10, 0, 3), (shop.ItemOf().Levels[0].OnHand, shop.ItemOf().Levels[0].Reserved, shop.ItemOf().Levels[0].Allocated));
        Assert.Equal(3_000, Assert.Single(shop.Psp.Effects).AmountMinor);
    }

    [Fact]
    public void An_order_over_many_partitions_is_confirmed_and_fulfilled()
    {
        string[] skus = ["tea", "cup", "pot", "tin", "mug", "jar"];
        var shop = new PartitionHarness(partitions: 8);
        foreach (var sku in skus)
            shop.WithItem(sku, onHand: 5);
        var id = shop.Placed(Given.Placement([.. skus.Select(s => Given.Line(s, 2)), Given.Line("tea", 3)]));
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
        Assert.Equal(5, shop.ItemOf("tea").Levels[0].Allocated);

        shop.Changed(id, new OrderCommand.Ship("dhl", "t1"));
        shop.Changed(id, new OrderCommand.Deliver());

        Assert.Equal(OrderStatus.Completed, shop.OrderOf(id).Status);
        Assert.Equal((0, 0, 0), (shop.ItemOf("tea").Levels[0].OnHand, shop.ItemOf("tea").Levels[0].Allocated, shop.ItemOf("tea").Levels[0].Reserved));
        Assert.Equal(3, shop.ItemOf("jar").Levels[0].OnHand);
    }

    [Fact]
    public void The_answer_shows_the_order_as_placed_and_so_does_every_repeat()
    {
        var shop = new PartitionHarness().WithItem();
        var first = shop.Place(Given.Placement(), out var id);
        shop.Pump();
        var repeat = shop.Place(Given.Placement());

        Assert.Equal((ReplyStatus.Accepted, 1, OrderStatus.Pending), (first.Status, first.Reply!.Order!.Version, first.Reply.Order.Status));
        Assert.Equal((ReplyStatus.Replayed, 1, id), (repeat.Status, repeat.Reply!.Order!.Version, repeat.Reply.Order.Id));
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
        Assert.Single(shop.Psp.Effects);
    }

    [Fact]
    public void A_key_with_another_payload_is_refused()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Placed();
        Assert.Equal(ReplyStatus.KeyReused, shop.Place(Given.Placement() with { PayloadHash = 78 }).Status);
    }

    [Fact]
    public void A_refusal_is_answered_and_leaves_nothing()
    {
        var shop = new PartitionHarness();
        var reply = shop.Place(Given.Placement() with { TotalMinor = 1 }, out var id).Reply!;
        Assert.Equal((ReplyStatus.Rejected, "invalid_order"), (reply.Status, reply.Code));
        Assert.Equal(ReplyStatus.NotFound, shop.Read(id).Status);
        Assert.Equal(0, shop.Journal.Commits);
    }

    [Fact]
    public void An_id_that_is_taken_asks_for_another()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        var reply = shop.Send(0, new PartitionRequest.PlaceOrder(id, Given.Keyed("k2"), Given.Shop)).Reply!;
        Assert.Equal((ReplyStatus.Unavailable, "id_taken"), (reply.Status, reply.Code));
    }

    [Fact]
    public void Too_many_orders_under_way_are_refused_until_some_settle()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxUnsettled = 3 }).WithItem();
        for (var i = 0; i < 3; i++)
            shop.Place(Given.Keyed($"k{i}"));
        var refused = shop.Place(Given.Keyed("late"));
        Assert.Equal((ReplyStatus.Unavailable, "overloaded"), (refused.Status, refused.Reply!.Code));
        Assert.Equal(3, shop[0].Unsettled);

        shop.Pump();
        Assert.Equal(0, shop[0].Unsettled);
        shop.Placed(Given.Keyed("late"));
    }

    [Fact]
    public void An_outbox_and_a_journal_that_do_not_move_refuse_new_orders()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOutbox = 1 }).WithItem();
        shop.Place(Given.Keyed("a"));
        Assert.Equal("overloaded", shop.Place(Given.Keyed("b")).Reply!.Code);

        shop = new PartitionHarness(options: new PartitionOptions { MaxPendingBytes = 100 }).WithItem();
        shop.Place(Given.Keyed("a"));
        shop.Place(Given.Keyed("b"));
        Assert.Equal("overloaded", shop.Place(Given.Keyed("c")).Reply!.Code);
    }

    [Fact]
    public void Orders_that_no_checkpoint_shows_are_bounded()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxUncheckpointed = 3 }).WithItem();
        for (var i = 0; i < 3; i++)
            shop.Placed(Given.Keyed($"k{i}"));
        var refused = shop.Place(Given.Keyed("late"));
        Assert.Equal((ReplyStatus.Unavailable, "overloaded"), (refused.Status, refused.Reply!.Code));

        shop.Advance(1_000);
        shop.Placed(Given.Keyed("late"));
    }

    [Fact]
    public void A_request_of_another_partition_stops_loudly()
    {
        var shop = new PartitionHarness(partitions: 2);
        var wrong = 1 - shop.Map.OwnerOfName(Given.Placement().KeyHash);
        Assert.Throws<InvalidOperationException>(() =>
            shop.Send(wrong, new PartitionRequest.PlaceOrder(Given.Id(wrong), Given.Placement(), Given.Shop)));
    }
}
