using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class ColdOrderTests
{
    private static readonly PartitionOptions Small = new() { MaxOrdersInMemory = 2, MaxRecentNames = 2, MaxWaiting = 4 };

    [Fact]
    public void Settled_orders_are_evicted_after_their_checkpoint_and_loaded_on_demand()
    {
        var shop = new PartitionHarness(options: Small).WithItem();
        var ids = Enumerable.Range(0, 20).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        Assert.Equal(20, shop[0].OrdersInMemory);
        shop.Advance(1_000);
        Assert.InRange(shop[0].OrdersInMemory, 0, 2);

        Assert.All(ids, id => Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status));
        Assert.Equal(ReplyStatus.Accepted, shop.Changed(ids[0], new OrderCommand.Cancel(null), Given.Key("c")).Status);
        shop.Advance(1_000);
        shop.Advance(1_000);
        Assert.Equal((OrderStatus.Canceled, 0), (shop.OrderOf(ids[0]).Status, Math.Max(0, shop[0].OrdersInMemory - 3)));
    }

    [Fact]
    public void A_recovered_partition_at_rest_keeps_no_more_than_it_may_and_forgets_no_date()
    {
        var shop = new PartitionHarness(options: Small).WithItem();
        var ids = Enumerable.Range(0, 20).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        Assert.All(ids, id => shop.Changed(id, new OrderCommand.PlaceHold("h", "fraud", null, shop.NowMs + 60_000)));
        shop.Advance(1_000);
        shop.Crash(0);
        shop.Advance(1_000);
        Assert.InRange(shop[0].OrdersInMemory, 0, 2);
        shop.Advance(60_000);
        shop.Advance(1_000);
        Assert.All(ids, id => Assert.Empty(shop.OrderOf(id).Holds));
    }

    [Fact]
    public void Reading_every_order_of_a_partition_at_rest_does_not_fill_its_memory()
    {
        var shop = new PartitionHarness(options: Small).WithItem();
        var ids = Enumerable.Range(0, 20).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        shop.Advance(1_000);
        Assert.All(ids, id =>
        {
            Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
            Assert.InRange(shop[0].OrdersInMemory, 1, 2);
        });
    }

    [Fact]
    public void An_order_whose_payment_call_ends_without_news_may_leave_the_memory()
    {
        var shop = new PartitionHarness(options: Small with { MaxOrdersInMemory = 1 }).WithItem();
        shop.IsPspSlow = true;
        var ids = Enumerable.Range(0, 6).Select(i => shop.Placed(Given.Keyed($"k{i}"))).ToArray();
        foreach (var id in ids)
            shop.Changed(id, new OrderCommand.PaymentSucceeded(PaymentStep.Authorize, 1, "webhook"));
        // Confirmed, checkpointed and passed over, since our own calls are still under way.
        shop.Advance(1_000);
        shop.IsPspSlow = false;
        shop.Pump();
        shop.Placed(Given.Keyed("last"));
        shop.Advance(1_000);
        Assert.InRange(shop[0].OrdersInMemory, 0, 1);
    }

    [Fact]
    public void An_old_key_behind_the_filter_is_looked_up_and_a_fresh_one_costs_no_read()
    {
        var shop = new PartitionHarness(options: Small).WithItem();
        var first = shop.Placed(Given.Keyed("old"));
        for (var i = 0; i < 10; i++)
            shop.Placed(Given.Keyed($"k{i}"));
        shop.Advance(1_000);

        var repeat = shop.Place(Given.Keyed("old"));
        Assert.Null(repeat.Status);
        shop.Pump();
        Assert.Equal((ReplyStatus.Replayed, first, 1), (repeat.Status, repeat.Reply!.Order!.Id, repeat.Reply.Order.Version));
        var reused = shop.Place(Given.Keyed("old") with { PayloadHash = 78 });
        shop.Pump();
        Assert.Equal(ReplyStatus.KeyReused, reused.Status);

        shop.Place(Given.Keyed("fresh"));
        Assert.Empty(shop[0].Outputs.NameLookups);
        Assert.True(shop[0].HasPending || shop.Step());
    }

    [Fact]
    public void Two_repeats_of_a_maybe_old_key_place_one_order()
    {
        // Read models answer late: both wait for the same look-up of a key that the filter only thinks it knows.
        var partition = new Partition(0, new Millrace.Domain.Identity.PartitionMap(1), Small, new(1, 0, 0, Millrace.Engine.Codec.PayloadFormat.Newest));
        var hash = Given.Placement().KeyHash;
        var stored = new KeyFilter();
        stored.Add(hash);
        partition.NamesRead(stored);
        partition.Recovered(new(1, 0, 0, Millrace.Engine.Codec.PayloadFormat.Newest), Given.NowMs);
        var (a, b) = (new RecordingSink(), new RecordingSink());
        partition.Handle(new PartitionRequest.PlaceOrder(Given.Id(random: 1), Given.Placement(), Given.Shop), a, Given.NowMs);
        partition.Handle(new PartitionRequest.PlaceOrder(Given.Id(random: 2), Given.Placement(), Given.Shop), b, Given.NowMs);
        Assert.Equal([hash], partition.Outputs.NameLookups);

        partition.NameFound(hash, null, Given.NowMs);
        partition.TakeBatch();
        partition.Committed(Given.NowMs);
        foreach (var (sink, reply, _) in partition.Outputs.Replies)
            sink.Complete(reply);
        Assert.Equal([ReplyStatus.Accepted, ReplyStatus.Replayed], [a.Status, b.Status]);
        Assert.Equal(a.Reply!.Order!.Id, b.Reply!.Order!.Id);
    }

    [Fact]
    public void Before_its_names_are_read_a_partition_looks_every_key_up_and_then_only_what_may_be_old()
    {
        var partition = new Partition(0, new Millrace.Domain.Identity.PartitionMap(1), Small, new(1, 5, 0, Millrace.Engine.Codec.PayloadFormat.Newest));
        partition.Restore(new(5, default, [], []));
        partition.Recovered(new(1, 5, 0, Millrace.Engine.Codec.PayloadFormat.Newest), Given.NowMs);
        Assert.True(partition.NeedsNames);
        var hash = Given.Placement().KeyHash;
        var (a, b) = (new RecordingSink(), new RecordingSink());
        partition.Handle(new PartitionRequest.PlaceOrder(Given.Id(random: 1), Given.Placement(), Given.Shop), a, Given.NowMs);
        Assert.Equal([hash], partition.Outputs.NameLookups);
        partition.Outputs.Clear();

        // The store knows it to be fresh, yet the look-up under way may come back after another order has the key, and that order left the memory.
        partition.NamesRead(new KeyFilter());
        Assert.False(partition.NeedsNames);
        partition.Handle(new PartitionRequest.PlaceOrder(Given.Id(random: 2), Given.Placement(), Given.Shop), b, Given.NowMs);
        Assert.Null(partition.TakeBatch());
        Assert.Empty(partition.Outputs.NameLookups);

        partition.NameFound(hash, null, Given.NowMs);
        partition.TakeBatch();
        partition.Committed(Given.NowMs);
        foreach (var (sink, reply, _) in partition.Outputs.Replies)
            sink.Complete(reply);
        Assert.Equal([ReplyStatus.Accepted, ReplyStatus.Replayed], [a.Status, b.Status]);
    }

    [Fact]
    public void A_failed_read_tells_who_waits_to_repeat()
    {
        var faults = new Faults(1);
        var shop = new PartitionHarness(options: Small with { MaxOrdersInMemory = 0 }, faults: faults).WithItem();
        var id = shop.Placed(Given.Keyed("old"));
        shop.Advance(1_000);
        faults.FailRead = 1;
        Assert.Equal((ReplyStatus.Unavailable, "store_unavailable"), (shop.Read(id).Status, shop.Read(id).Code));
        faults.Stop();
        Assert.Equal(ReplyStatus.Accepted, shop.Read(id).Status);
    }

    [Fact]
    public void Too_many_waiting_reads_are_refused()
    {
        var shop = new PartitionHarness(options: Small);
        var sinks = Enumerable.Range(0, 6).Select(i => shop.Send(0, new PartitionRequest.ReadOrder(Given.Id(random: (ulong)i), null))).ToArray();
        Assert.Equal([null, null, null, null, "overloaded", "overloaded"], sinks.Select(s => s.Reply?.Code));
        shop.Pump();
        Assert.All(sinks.Take(4), s => Assert.Equal(ReplyStatus.NotFound, s.Status));
        Assert.Equal(ReplyStatus.NotFound, shop.Read(Given.Id(random: 9)).Status);
    }

    [Fact]
    public void An_answer_for_a_cold_order_waits_for_it_and_keeps_its_place()
    {
        var faults = new Faults(1);
        var shop = new PartitionHarness(faults: faults).WithItem();
        var id = shop.Placed(Given.Placement(Given.Line(priceMinor: 0)));
        shop.Advance(1_000);
        // The demand to deduct gets lost, and nothing but the order's checkpoint and the channel is left.
        faults.LoseMessage = 1;
        shop.Change(id, new OrderCommand.Ship(null, null));
        shop.Advance(1_000);
        shop.Crash(0);
        Assert.Equal(0, shop[0].OrdersInMemory);

        faults.LoseMessage = 0;
        faults.FailRead = 0.7;
        shop.RunUntil(() => shop.ItemOf().Levels[0].OnHand == 99);
        shop.RunUntil(() => shop[0].OrdersInMemory == 1);
        faults.Stop();
        shop.RunUntil(() => shop.OrderOf(id).StockParts[0].Status == StockPartStatus.Deducted);
    }

    [Fact]
    public void Eviction_does_not_count_an_order_under_way_twice()
    {
        var faults = new Faults(1);
        var shop = new PartitionHarness(2, new PartitionOptions { MaxOrdersInMemory = 0 }, faults).WithItem();
        for (var i = 0; i < 20; i++)
        {
            faults.LoseMessage = 1;
            shop.Place(Given.Keyed($"k{i}") with { ExternalId = $"W-{i}" });
            shop.Advance(1_000);
            shop.Advance(1_000);
            faults.LoseMessage = 0;
            shop.Advance(3_000);
            shop.Advance(3_000);
        }

        Assert.Equal([0, 0], shop.Partitions.Select(p => p.Unsettled));
    }
}
