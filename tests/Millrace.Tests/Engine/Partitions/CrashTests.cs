using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Payments;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

/// <summary>A whole order's life, once for every commit in it, with a crash at that commit.</summary>
public sealed class CrashTests
{
    public enum Moment
    {
        BeforeTheBatchIsDurable,
        BeforeThePartitionKnows,
        BeforeItsOutputsAreSeen,
    }

    [Theory]
    [InlineData(Moment.BeforeTheBatchIsDurable, false)]
    [InlineData(Moment.BeforeTheBatchIsDurable, true)]
    [InlineData(Moment.BeforeThePartitionKnows, false)]
    [InlineData(Moment.BeforeThePartitionKnows, true)]
    [InlineData(Moment.BeforeItsOutputsAreSeen, false)]
    [InlineData(Moment.BeforeItsOutputsAreSeen, true)]
    public void A_crash_at_any_commit_ends_with_one_order_one_charge_and_the_right_stock(Moment moment, bool isEveryPartition)
    {
        var crashes = 0;
        for (var k = 0; Life(moment, k, isEveryPartition); k++)
            crashes++;
        Assert.InRange(crashes, 10, 100);
    }

    // False when the life ended before its k-th commit.
    private static bool Life(Moment moment, int k, bool isEveryPartition)
    {
        var shop = new PartitionHarness(4).WithItem("tea", 10).WithItem("cup", 10).WithItem("pot", 10);
        var commits = 0;
        void Hook(Millrace.Engine.Journal.PartitionBatch batch)
        {
            if (commits++ != k)
                return;
            for (var p = 0; p < 4; p++)
            {
                if (isEveryPartition || p == batch.Partition)
                    shop.Crash(p);
            }
        }

        switch (moment)
        {
            case Moment.BeforeTheBatchIsDurable: shop.BeforeAppend = Hook; break;
            case Moment.BeforeThePartitionKnows: shop.BeforeCommitted = Hook; break;
            default: shop.AfterCommitted = Hook; break;
        }

        var placement = Given.Keyed("k", Given.Line("tea", 2), Given.Line("cup", 1), Given.Line("pot", 3)) with { ExternalId = "W-1" };
        var id = Insist(shop, () => shop.Place(placement)).Order!.Id;
        shop.RunUntil(() => shop.OrderOf(id).Status == OrderStatus.Confirmed);
        Assert.Equal((8, 9, 7), (shop.ItemOf("tea").Available, shop.ItemOf("cup").Available, shop.ItemOf("pot").Available));
        Insist(shop, () => shop.Change(id, new OrderCommand.Ship("dhl", "t1"), Given.Key("s")));
        Insist(shop, () => shop.Change(id, new OrderCommand.Deliver(), Given.Key("d")));
        shop.RunUntil(() => shop.OrderOf(id).Status == OrderStatus.Completed);
        Check(shop, id);
        return commits > k;
    }

    private static void Check(PartitionHarness shop, OrderId id)
    {
        Assert.Equal(
            [(PaymentOperation.Authorize, $"{id}:authorize:1", 6_000), (PaymentOperation.Capture, $"{id}:capture:1", 6_000)],
            shop.Psp.Effects.Select(e => (e.Operation, e.IdempotencyKey, e.AmountMinor)));
        foreach (var (sku, left) in new[] { ("tea", 8), ("cup", 9), ("pot", 7) })
            Assert.Equal((left, 0, 0), (shop.ItemOf(sku).Levels[0].OnHand, shop.ItemOf(sku).Levels[0].Reserved, shop.ItemOf(sku).Levels[0].Allocated));
        InvariantCheck.Run(shop);
    }

    // A client that repeats with the same key until it has an answer.
    private static PartitionReply Insist(PartitionHarness shop, Func<RecordingSink> send)
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var sink = send();
            shop.Pump();
            if (sink.Reply is { Status: not ReplyStatus.Unavailable } reply)
            {
                Assert.True(reply.Status is ReplyStatus.Accepted or ReplyStatus.Replayed, $"{reply.Status} {reply.Code}");
                return reply;
            }
        }

        throw new InvalidOperationException("No answer.");
    }
}
