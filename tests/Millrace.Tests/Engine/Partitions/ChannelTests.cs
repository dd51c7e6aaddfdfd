using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Partitions;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Codec;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class ChannelTests
{
    private static PartitionMessage Message(ulong n) => new PartitionMessage.ClaimName(n, Given.Id());

    [Fact]
    public void Messages_are_numbered_per_target_and_kept_until_acknowledged()
    {
        var channels = new Channels(64);
        Assert.Equal([1, 2, 1], new[] { channels.Send(5, Message(1)), channels.Send(5, Message(2)), channels.Send(6, Message(3)) });
        channels.Released(5, 2, nowMs: 0);
        channels.Acknowledged(5, 1, nowMs: 0);
        Assert.Equal(2, channels.Unacknowledged);
        Assert.Equal([(5, 2)], Overdue(channels, 2_000));
        channels.Acknowledged(5, 2, nowMs: 0);
        channels.Acknowledged(5, 2, nowMs: 0);
        channels.Acknowledged(9, 2, nowMs: 0);
        Assert.Equal((1, 0), (channels.Unacknowledged, Overdue(channels, 9_000).Count));
    }

    [Fact]
    public void Only_what_is_durable_is_sent_again_and_not_before_its_time()
    {
        var channels = new Channels(64);
        channels.Send(5, Message(1));
        channels.Send(5, Message(2));
        Assert.Empty(Overdue(channels, 9_000));
        channels.Released(5, 1, nowMs: 10_000);
        Assert.Empty(Overdue(channels, 11_999));
        Assert.Equal([(5, 1)], Overdue(channels, 12_000));
        Assert.Empty(Overdue(channels, 12_001));
    }

    [Fact]
    public void An_acknowledgement_of_what_was_never_sent_is_no_harm()
    {
        var channels = new Channels(64);
        channels.Send(5, Message(1));
        channels.Acknowledged(5, 99, nowMs: 0);
        Assert.Equal(1, channels.Unacknowledged);
    }

    [Fact]
    public void Channels_go_on_from_where_they_were_stored()
    {
        var channels = new Channels(64);
        for (ulong n = 1; n <= 3; n++)
            channels.Send(5, Message(n));
        channels.Released(5, 3, 0);
        channels.Acknowledged(5, 1, 0);
        channels.Received(7, 42);
        var reader = new PayloadReader(Cases.Written(channels.Write));
        var again = new Channels(64);
        again.Read(ref reader);
        again.ReleaseAll();

        Assert.Equal((2, 42, 0), (again.Unacknowledged, again.ReceivedFrom(7), again.ReceivedFrom(8)));
        Assert.Equal([(5, 2), (5, 3)], Overdue(again, 0));
        Assert.Equal(4, again.Send(5, Message(4)));
    }

    [Fact]
    public void A_partition_takes_each_message_once_and_in_order()
    {
        var shop = new PartitionHarness(8).WithItem();
        var claims = Enumerable.Range(1, 4).Select(n => Message((ulong)n)).ToArray();
        // A gap, the beginning, a repeat of it, everything, everything again.
        foreach (var (first, count) in new[] { (3, 2), (1, 2), (1, 2), (1, 4), (1, 4) })
        {
            shop[0].Deliver(source: 0, 100, [], shop.NowMs);
            shop[0].Deliver(source: 7, first, claims[(first - 1)..(first - 1 + count)], shop.NowMs);
        }

        var records = RecordCodec.Read(shop[0].TakeBatch()!.Payload);
        Assert.Equal([1, 2, 3, 4], records.OfType<JournalRecord.NameAnswered>().Select(r => (int)r.Hash));
        Assert.Equal([2, 4], records.OfType<JournalRecord.Received>().Select(r => r.ChannelSeq));
        Assert.DoesNotContain(shop[0].Outputs.Acknowledgements, a => a.Seq > 0);

        shop[0].Committed(shop.NowMs);
        Assert.Equal(4, shop[0].Outputs.Acknowledgements.Where(a => a.Source == 7).Max(a => a.Seq));
    }

    [Fact]
    public void Repeats_of_a_message_that_waits_for_a_cold_order_do_not_pile_up()
    {
        var shop = new PartitionHarness(8, new PartitionOptions { MaxOrdersInMemory = 0 }).WithItem();
        var id = shop.Placed();
        shop.Advance(1_000);
        Assert.Equal(0, shop[0].OrdersInMemory);
        var answer = new PartitionMessage.ToOrder(id, new OrderCommand.ExternalIdAnswered(IsGranted: true));
        for (var i = 0; i < 10; i++)
            shop[0].Deliver(source: 7, 1, [answer], shop.NowMs);
        Assert.Equal([id], shop[0].Outputs.OrderLoads);

        shop[0].OrderLoaded(id, shop.ReadModel.FindOrder(id), shop.NowMs);
        var records = RecordCodec.Read(shop[0].TakeBatch()!.Payload);
        Assert.Equal(new JournalRecord.Received(7, 1), Assert.Single(records));
        shop[0].Committed(shop.NowMs);
        Assert.Equal(new OutgoingAcknowledgement(7, 1), shop[0].Outputs.Acknowledgements[^1]);
        Assert.Single(shop[0].Outputs.Acknowledgements, a => a.Seq == 1);
    }

    private static List<(int Target, long Seq)> Overdue(Channels channels, long nowMs)
    {
        var sent = new List<(int, long)>();
        channels.CollectOverdue(nowMs, resendAfterMs: 2_000, (target, seq, _) => sent.Add((target, seq)));
        return sent;
    }
}
