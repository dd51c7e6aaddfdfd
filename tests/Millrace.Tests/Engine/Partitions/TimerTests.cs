using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class TimerTests
{
    [Theory]
    [InlineData(100)]
    [InlineData(1_000)]
    [InlineData(60_000)]
    public void A_hold_that_runs_out_expires_its_order_whenever_the_checkpoint_comes(long ms)
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Placement(), out var id);
        shop.Change(id, new OrderCommand.PlaceHold("h", "fraud", null, shop.NowMs + ms));
        shop.Pump();
        // The checkpoint that would set the timer may come after the time.
        shop.RunUntil(() => shop.OrderOf(id).Status.IsTerminal(), mostMs: ms + 2_000, stepMs: 500);
        Assert.Equal("hold_expired", shop.OrderOf(id).Closing!.Code);
        Assert.Equal(100, shop.ItemOf().Available);
    }

    [Fact]
    public void A_hold_runs_out_though_no_checkpoint_is_stored()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        shop.IsReadModelAway = true;
        // The checkpoint that is never stored has this one, and none has the other.
        shop.Changed(id, new OrderCommand.PlaceHold("h1", "fraud", null, shop.NowMs + 10_000));
        shop.Advance(1_000);
        shop.Changed(id, new OrderCommand.PlaceHold("h2", "fraud", null, shop.NowMs + 5_000));
        shop.RunUntil(() => !Array.Exists(shop.OrderOf(id).Holds, hold => hold.Id == "h2"), mostMs: 7_000, stepMs: 500);
        Assert.Single(shop.OrderOf(id).Holds);
        shop.RunUntil(() => shop.OrderOf(id).Holds.Length == 0, mostMs: 7_000, stepMs: 500);
    }

    [Fact]
    public void Many_dates_at_one_time_leave_room_for_whoever_asks_for_an_order()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOrdersInMemory = 0, MaxWaiting = 70 }).WithItem();
        var ids = Enumerable.Range(0, 100).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        var asked = shop.Placed(Given.Keyed("asked"));
        Assert.All(ids, id => shop.Changed(id, new OrderCommand.PlaceHold("h", "fraud", null, shop.NowMs + 60_000)));
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Equal(0, shop[0].OrdersInMemory);

        shop.AdvanceClock(60_000);
        var read = shop.Send(0, new PartitionRequest.ReadOrder(asked, Given.Acme));
        shop.Pump();
        Assert.NotNull(read.Reply?.Order);
        shop.RunUntil(() => Array.TrueForAll(ids, id => shop.OrderOf(id).Holds.Length == 0), mostMs: 10_000);
    }

    [Fact]
    public void A_date_of_an_order_in_memory_waits_for_none_that_must_be_read()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOrdersInMemory = 0 }).WithItem();
        var endsAt = shop.NowMs + 60_000;
        var ids = Enumerable.Range(0, 100).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        Assert.All(ids, id => shop.Changed(id, new OrderCommand.PlaceHold("h", "fraud", null, endsAt)));
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Equal(0, shop[0].OrdersInMemory);
        // It stays in memory: no checkpoint has it.
        shop.IsReadModelAway = true;
        var hot = shop.Placed(Given.Keyed("hot"));
        shop.Changed(hot, new OrderCommand.PlaceHold("h", "fraud", null, endsAt + 1));
        shop.Advance(1_000);
        Assert.Equal(1, shop[0].OrdersInMemory);

        shop.AdvanceClock(60_000);
        var read = shop.Send(0, new PartitionRequest.ReadOrder(hot, Given.Acme));
        shop.Pump();
        Assert.Empty(read.Reply!.Order!.Holds);
    }

    [Fact]
    public void A_date_whose_order_cannot_be_read_is_not_asked_for_with_every_tick()
    {
        var faults = new Faults(1);
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOrdersInMemory = 0 }, faults: faults).WithItem();
        var id = shop.Placed();
        shop.Changed(id, new OrderCommand.PlaceHold("h", "fraud", null, shop.NowMs + 10_000));
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Equal(0, shop[0].OrdersInMemory);

        faults.FailRead = 1;
        shop.Advance(10_000);
        for (var tick = 0; tick < 10; tick++)
        {
            shop.AdvanceClock(50);
            Assert.False(shop.Step());
        }

        faults.FailRead = 0;
        shop.RunUntil(() => shop.OrderOf(id).Holds.Length == 0, mostMs: 2_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_hold_that_ended_when_time_began_ends_at_once(long endsAtMs)
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed();
        shop.Changed(id, new OrderCommand.PlaceHold("h", "fraud", null, endsAtMs));
        Assert.Single(shop.OrderOf(id).Holds);
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Empty(shop.OrderOf(id).Holds);
    }

    [Fact]
    public void A_clock_that_ran_a_day_ahead_and_is_set_right_holds_nothing_up()
    {
        var shop = new PartitionHarness().WithItem();
        var id = PlacedADayAhead(shop);
        var checkpoints = shop.ReadModel.Checkpoints;
        shop.Advance(3_000);
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
        Assert.True(shop.ReadModel.Checkpoints > checkpoints);
    }

    [Fact]
    public void An_owner_whose_clock_ran_a_day_ahead_holds_nothing_up_for_its_successor()
    {
        var shop = new PartitionHarness().WithItem();
        var id = PlacedADayAhead(shop);
        shop.Crash(0);
        shop.Advance(3_000);
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
    }

    [Fact]
    public void A_reservation_that_runs_out_gives_the_stock_back_after_a_crash_too()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Placement(), out var id);
        shop.Change(id, new OrderCommand.PlaceHold("h", "fraud", null, null));
        shop.Pump();
        Assert.Equal(99, shop.ItemOf().Available);
        shop.Advance(1_000);
        shop.Crash(0);

        shop.RunUntil(() => shop.OrderOf(id).Status.IsTerminal(), mostMs: 16 * 60_000, stepMs: 30_000);
        Assert.Equal(("reservation_expired", 100), (shop.OrderOf(id).Closing!.Code, shop.ItemOf().Available));
    }

    [Fact]
    public void A_timer_of_a_cold_order_loads_it_and_survives_a_failed_read()
    {
        var faults = new Faults(1);
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOrdersInMemory = 0 }, faults: faults).WithItem();
        shop.Place(Given.Placement(), out var id);
        shop.Change(id, new OrderCommand.PlaceHold("h", "fraud", null, shop.NowMs + 10_000));
        shop.Pump();
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Equal(0, shop[0].OrdersInMemory);

        faults.FailRead = 1;
        shop.Advance(8_000);
        faults.Stop();
        shop.Advance(1_000);
        Assert.Equal(OrderStatus.Expired, shop.OrderOf(id).Status);
    }

    // Its payment is to be tried again, by a clock that is set right by now.
    private static OrderId PlacedADayAhead(PartitionHarness shop)
    {
        const long Day = 24 * 3_600_000;
        shop.AdvanceClock(Day);
        shop.Psp.Script = _ => PspAnswer.LostAnswer;
        var id = shop.Placed();
        shop.Psp.Script = null;
        shop.AdvanceClock(-Day);
        return id;
    }
}
