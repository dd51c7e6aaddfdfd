using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

/// <summary>No effect before its durable intent. The harness also checks every output of every other test.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public void An_answer_that_was_free_to_leave_when_its_partition_was_thrown_away_is_still_an_answer()
    {
        var shop = new PartitionHarness().WithItem();
        var reply = shop.Place(Given.Placement());
        // Durable and released, and nobody has picked it up.
        shop.AfterCommitted = _ =>
        {
            shop.AfterCommitted = null;
            Assert.Same(reply, Assert.Single(shop[0].Abandon("moved")).Sink);
            Assert.Empty(shop[0].Outputs.Replies);
        };
        shop.Pump();
        Assert.Null(shop.AfterCommitted);
    }

    [Fact]
    public void Nothing_leaves_before_its_commit()
    {
        var shop = new PartitionHarness().WithItem();
        var reply = shop.Place(Given.Placement(), out var id);
        var read = shop.Send(0, new PartitionRequest.ReadOrder(id, null));
        var repeat = shop.Place(Given.Placement());
        var reuse = shop.Place(Given.Placement() with { PayloadHash = 78 });
        var messages = 0;
        shop.BeforeAppend = _ => messages += shop[0].Outputs.Messages.Count;

        Assert.Equal([null, null, null, null], [reply.Status, read.Status, repeat.Status, reuse.Status]);
        shop.Step();
        Assert.Equal(
            [ReplyStatus.Accepted, ReplyStatus.Accepted, ReplyStatus.Replayed, ReplyStatus.KeyReused],
            [reply.Status, read.Status, repeat.Status, reuse.Status]);
        Assert.Equal(0, messages);
    }

    [Fact]
    public void A_lost_batch_takes_everything_that_was_decided_on_it_along()
    {
        var shop = new PartitionHarness().WithItem();
        var reply = shop.Place(Given.Placement(), out var id);
        var reuse = shop.Place(Given.Placement() with { PayloadHash = 78 });
        shop.Crash(0);

        Assert.Equal([ReplyStatus.Unavailable, ReplyStatus.Unavailable], [reply.Status, reuse.Status]);
        Assert.Equal(ReplyStatus.NotFound, shop.Read(id).Status);
        shop.Placed();
    }

    [Fact]
    public void Deciding_goes_on_while_a_batch_is_in_flight()
    {
        var shop = new PartitionHarness().WithItem();
        var first = shop.Place(Given.Keyed("a"));
        var second = shop.Place(Given.Keyed("b"));
        var third = shop.Place(Given.Keyed("c"));
        Assert.Equal(3, shop[0].Unsettled);

        shop.Step();
        Assert.Equal([ReplyStatus.Accepted, null, null], [first.Status, second.Status, third.Status]);
        var commits = shop.Journal.Commits;
        shop.RunUntil(() => third.Status is not null);
        Assert.Equal([ReplyStatus.Accepted, ReplyStatus.Accepted], [second.Status, third.Status]);
        Assert.True(shop.Journal.Commits > commits);
    }

    [Fact]
    public void A_store_that_cannot_commit_refuses_who_waits_and_loses_nothing()
    {
        var faults = new Faults(1) { FailCommit = 1 };
        var shop = new PartitionHarness(faults: faults);
        var reply = shop.Place(Given.Placement(), out var id);
        shop.Step();
        Assert.Equal((ReplyStatus.Unavailable, "store_unavailable"), (reply.Status, reply.Reply!.Code));

        faults.Stop();
        shop.Pump();
        var repeat = shop.Place(Given.Placement());
        Assert.Equal((ReplyStatus.Replayed, id), (repeat.Status, repeat.Reply!.Order!.Id));
        Assert.Equal("unknown_sku", shop.OrderOf(id).Closing!.Code);
    }

    [Fact]
    public void A_timer_does_not_start_a_payment_that_is_not_durable_yet()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Placement() with { Options = new PlacementOptions(false, false, 3_000) }, out var held);
        shop.Change(held, new OrderCommand.PlaceHold("h", "fraud", null, null));
        shop.Pump();
        // A checkpoint sets the timer of the reservation that is about to run out.
        shop.Advance(1_000);
        shop.Advance(1_999);

        // Just in time, and the timer fires before the intent is durable: the harness sees what leaves too early.
        shop.Change(held, new OrderCommand.ReleaseHold("h"));
        shop.AdvanceClock(1);
        shop.Pump();
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(held).Status);
        Assert.Equal([1], shop.Psp.Requests.Where(r => r.Order == held).Select(r => r.Attempt));
    }

    [Fact]
    public void A_checkpoint_shows_only_what_is_durable()
    {
        var shop = new PartitionHarness().WithItem();
        var reply = shop.Place(Given.Placement(), out var id);
        shop.AdvanceClock(5_000);
        Assert.Null(shop.ReadModel.FindOrder(id));
        Assert.Null(reply.Status);

        shop.BeforeAppend = _ => Assert.Null(shop.ReadModel.FindOrder(id));
        shop.Step();
        shop.BeforeAppend = null;
        shop.Pump();
        Assert.Equal(2, shop.ReadModel.FindOrder(id)!.Value.Version);
        Assert.Equal(OrderStatus.Confirmed, shop.OrderOf(id).Status);
    }

    [Fact]
    public void A_waiter_for_the_settled_order_gets_it_as_it_was_when_it_settled()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Place(Given.Placement(), out var id);
        var waiter = shop.Send(0, new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue));
        shop.Pump();
        shop.Changed(id, new OrderCommand.Ship(null, null));
        var late = shop.Send(0, new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue));
        var stranger = shop.Send(0, new PartitionRequest.AwaitSettled(id, Given.Other, long.MaxValue));

        Assert.Equal((OrderStatus.Confirmed, 7), (waiter.Reply!.Order!.Status, waiter.Reply.Order.Version));
        Assert.Equal((7, ReplyStatus.NotFound), (late.Reply!.Order!.Version, stranger.Status));
    }

    [Fact]
    public void A_waiter_is_let_go_when_its_time_is_up_and_the_order_may_leave_memory()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxOrdersInMemory = 0 }).WithItem();
        shop.Place(Given.Placement(), out var id);
        shop.Change(id, new OrderCommand.Park("test", "test"), Given.Key("p"));
        shop.Pump();
        var waiter = shop.Send(0, new PartitionRequest.AwaitSettled(id, Given.Acme, shop.NowMs + 10_000));
        shop.Advance(9_000);
        Assert.Null(waiter.Reply);
        shop.Advance(2_000);
        Assert.Equal((ReplyStatus.Unavailable, "not_settled"), (waiter.Status, waiter.Reply!.Code));
        Assert.Equal(0, shop[0].OrdersInMemory);
    }

    [Fact]
    public void More_waiters_than_there_is_room_for_are_told_so()
    {
        var shop = new PartitionHarness(options: new PartitionOptions { MaxAwaiting = 1 }).WithItem();
        shop.Place(Given.Placement(), out var id);
        var first = shop.Send(0, new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue));
        var second = shop.Send(0, new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue));
        Assert.Equal("overloaded", second.Reply!.Code);
        shop.Pump();
        Assert.Equal(ReplyStatus.Accepted, first.Status);
        shop.Place(Given.Keyed("next"), out var next);
        var third = shop.Send(0, new PartitionRequest.AwaitSettled(next, Given.Acme, long.MaxValue));
        shop.Pump();
        Assert.Equal(ReplyStatus.Accepted, third.Status);
    }

    [Fact]
    public void Only_a_commit_that_is_sent_after_a_reply_was_decided_proves_it()
    {
        var partition = new Partition(0, new Millrace.Domain.Identity.PartitionMap(1), new PartitionOptions(), new(1, 0, 0, Millrace.Engine.Codec.PayloadFormat.Newest));
        partition.Recovered(new(1, 0, 0, Millrace.Engine.Codec.PayloadFormat.Newest), Given.NowMs);
        var (placed, early, late) = (new RecordingSink(), new RecordingSink(), new RecordingSink());
        partition.Handle(new PartitionRequest.PlaceOrder(Given.Id(), Given.Placement(), Given.Shop), placed, Given.NowMs);
        partition.Handle(new PartitionRequest.ReadOrder(Given.Id(), Given.Acme), early, Given.NowMs);
        Assert.NotNull(partition.TakeBatch());
        // Decided while the commit is under way, which may have been made before, and the partition claimed by another since.
        partition.Handle(new PartitionRequest.ReadOrder(Given.Id(), Given.Acme), late, Given.NowMs);
        partition.Committed(Given.NowMs);

        Assert.Equal(
            [(placed, true), (early, true), (late, false)],
            partition.Outputs.Replies.Select(reply => ((RecordingSink)reply.Sink, reply.IsProven)));
    }
}
