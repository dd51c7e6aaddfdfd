using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Tests.Domain;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Partitions;

public sealed class RecoveryTests
{
    [Fact]
    public void Replay_gives_the_same_orders_stock_and_next_bytes_with_and_without_a_checkpoint()
    {
        var shop = Busy();
        for (var p = 0; p < 4; p++)
        {
            var fromStart = shop.Recovered(p, ignoreCheckpoint: true);
            var fromCheckpoint = shop.Recovered(p);
            Assert.Equal(Describe.Text(ByName(shop[p])), Describe.Text(ByName(fromStart)));
            Assert.Equal(Describe.Text(ByName(shop[p])), Describe.Text(ByName(fromCheckpoint)));
            // Acknowledgements are not journaled: what a checkpoint has let go is sent again after a replay from the start.
            Assert.Subset(Outbox(fromStart, shop.NowMs), Outbox(fromCheckpoint, shop.NowMs));
            Assert.Equal(NextBytes(fromStart, shop), NextBytes(fromCheckpoint, shop));
        }
    }

    [Fact]
    public void The_same_inputs_give_the_same_bytes()
    {
        var (a, b) = (Busy(), Busy());
        for (var p = 0; p < 4; p++)
            Assert.Equal(a.Journal.Of(p).Select(x => x.Chain), b.Journal.Of(p).Select(x => x.Chain));

        Assert.True(a.Journal.Commits > 10);
    }

    [Fact]
    public void An_order_is_the_concatenation_of_its_decisions_in_the_journal()
    {
        var shop = Busy();
        var documents = Enumerable.Range(0, 4).SelectMany(shop.Journal.Records).OfType<JournalRecord.OrderDecided>()
            .GroupBy(r => r.Order).ToDictionary(g => g.Key, g => g.SelectMany(r => r.Bytes.ToArray()).ToArray());
        Assert.NotEmpty(documents);
        foreach (var (id, document) in documents)
        {
            var read = shop.Read(id);
            Assert.Equal(Convert.ToHexString(document), Convert.ToHexString(read.Document.Span));
            Assert.Equal(Describe.Text(OrderDocument.Fold(id, document)), Describe.Text(read.Order));
        }
    }

    [Fact]
    public void A_tail_that_does_not_continue_the_checkpoint_or_ends_elsewhere_than_the_head_stops_recovery()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Placed();
        var batches = shop.Journal.Of(0);
        var claim = shop.Journal.Head(0);
        var partition = new Partition(0, shop.Map, new PartitionOptions(), claim);
        Assert.Throws<JournalCorruptException>(() => partition.Replay(batches[1], RecordCodec.Read(batches[1].Payload)));
        Assert.Throws<JournalCorruptException>(() => partition.Replay(batches[0], []));
        partition.Replay(batches[0], RecordCodec.Read(batches[0].Payload));
        Assert.Throws<JournalCorruptException>(() => partition.Recovered(claim, shop.NowMs));
    }

    [Fact]
    public void A_batch_shows_every_flipped_bit_and_every_wrong_place()
    {
        var shop = new PartitionHarness().WithItem();
        shop.Placed();
        var batch = shop.Journal.Of(0)[^1];
        Assert.True(batch.IsIntact());
        for (var bit = 0; bit < batch.Payload.Length * 8; bit++)
        {
            var bytes = batch.Payload.ToArray();
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False((batch with { Payload = bytes }).IsIntact());
        }

        Assert.False((batch with { Partition = 1 }).IsIntact());
        Assert.False((batch with { Epoch = batch.Epoch + 1 }).IsIntact());
        Assert.False((batch with { FirstSeq = batch.FirstSeq - 1 }).IsIntact());
        Assert.False((batch with { LastSeq = batch.LastSeq + 1 }).IsIntact());
        Assert.False((batch with { PreviousChain = batch.PreviousChain + 1 }).IsIntact());
    }

    // Some orders checkpointed, some only in the tail, one of them changed after its checkpoint.
    private static PartitionHarness Busy()
    {
        var shop = new PartitionHarness(4).WithItem("tea").WithItem("cup");
        var first = shop.Placed(Given.Keyed("a", Given.Line("tea"), Given.Line("cup", 2)) with { ExternalId = "W-1" });
        var second = shop.Placed(Given.Keyed("b", Given.Line("cup")));
        shop.Changed(second, new OrderCommand.Ship("dhl", "t1"), Given.Key("s"));
        shop.Advance(1_000);
        shop.Advance(1_000);
        shop.Changed(first, new OrderCommand.Cancel("late"), Given.Key("c"));
        shop.Placed(Given.Keyed("c", Given.Line("tea", 1_000)) with { ExternalId = "W-1" });
        shop.Placed(Given.Keyed("d", Given.Line("tea", 1_000)));
        return shop;
    }

    private static object ByName(Partition partition) => partition.Items.OrderBy(i => i.Sku, StringComparer.Ordinal);

    private static HashSet<string> Outbox(Partition partition, long nowMs)
    {
        partition.Tick(nowMs);
        return [.. partition.Outputs.Messages.Select(m => $"{m.Target} {m.Seq} {Describe.Text(m.Message)}")];
    }

    private static string NextBytes(Partition partition, PartitionHarness shop)
    {
        var key = Enumerable.Range(0, 1_000).Select(i => $"next-{i}").First(k => shop.Map.OwnerOfName(Given.Keyed(k).KeyHash) == partition.Id);
        partition.Handle(new PartitionRequest.PlaceOrder(Given.Id(partition.Id, 99), Given.Keyed(key), Given.Shop), new RecordingSink(), shop.NowMs);
        return Convert.ToHexString(partition.TakeBatch()!.Payload.Span);
    }
}
