using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class PoisonTests
{
    // No stock partition ever says so: the decider has no answer and throws.
    private static readonly OrderCommand Poison = new OrderCommand.StockMoved(0, StockStep.Reserve);

    [Fact]
    public void A_command_that_makes_the_decider_throw_parks_its_order_and_leaves_its_neighbours_alone()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Keyed("a"), out var sick);
        shop.Place(Given.Keyed("b"), out var healthy);
        var reply = shop.Change(sick, Poison, Given.Key("p"));
        shop.Pump();

        Assert.Equal((ReplyStatus.Rejected, OrderParkCodes.Poison), (reply.Status, reply.Reply!.Code));
        Assert.Equal((OrderParkCodes.Poison, "UnreachableException"), (shop.OrderOf(sick).Parked!.Code, shop.OrderOf(sick).Parked!.Detail));
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(healthy).Status);
        Assert.Equal((OrderStatus.Pending, 0), (shop.OrderOf(sick).Status, shop[0].Unsettled));

        Assert.Equal(ReplyStatus.Accepted, shop.Changed(sick, new OrderCommand.Resume("fixed"), Given.Key("r")).Status);
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(sick).Status);
    }

    [Fact]
    public void A_parked_order_is_still_parked_after_a_crash()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        shop.Changed(id, Poison);
        shop.Crash(0);
        shop.Advance(60_000);
        Assert.Equal(OrderParkCodes.Poison, shop.OrderOf(id).Parked!.Code);
        Assert.Equal(OrderParkCodes.Poison, shop.ReadModel.FindOrder(id)!.Value.Attention);
    }

    [Fact]
    public void A_placement_that_makes_the_decider_throw_is_refused_and_leaves_nothing()
    {
        var shop = new PartitionHarness().WithItem();
        var reply = shop.Place(Given.Placement() with { Lines = [null!] }, out var id).Reply!;
        Assert.Equal((ReplyStatus.Rejected, OrderParkCodes.Poison), (reply.Status, reply.Code));
        Assert.Equal(ReplyStatus.NotFound, shop.Read(id).Status);
        shop.Placed();
    }

    [Fact]
    public void An_answer_that_makes_the_decider_throw_is_kept_across_a_crash_until_the_order_goes_on()
    {
        var shop = new PartitionHarness(8).WithItem();
        var id = shop.Placed();
        var stranger = Enumerable.Range(0, 8).First(p => p != shop.Map.OwnerOfSku(Given.Acme, "tea") && p != id.Partition);
        shop[id.Partition].Deliver(stranger, 1, [new PartitionMessage.ToOrder(id, Poison)], shop.NowMs);
        shop.Advance(1_000);
        shop.Crash(id.Partition);

        Assert.Equal(OrderParkCodes.Poison, shop.OrderOf(id).Parked!.Code);
        Assert.Equal([Poison], shop.OrderOf(id).SetAside);

        // It throws again: the order stays parked, and the answer stays with it.
        Assert.Equal(OrderParkCodes.Poison, shop.Changed(id, new OrderCommand.Resume("fixed"), Given.Key("r")).Code);
        Assert.Equal([Poison], shop.OrderOf(id).SetAside);
    }
}
