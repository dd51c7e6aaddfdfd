using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Tests.Architecture;
using Millrace.Tests.Engine.Harness;
using Xunit;

namespace Millrace.Tests.Engine.Codec;

/// <summary>
/// Bytes that were written once and must be read for ever. A line of a golden file is never changed or removed; a new
/// case is a new line at its end.
/// </summary>
public sealed class GoldenFileTests
{
    [Fact]
    public void Journal_payloads_are_written_and_read_as_ever()
    {
        Compare("journal-payloads.v1.hex", [.. Cases.Payloads.Select(p => (p.Name, Convert.ToHexStringLower(p.Bytes)))]);
        Assert.All(Read("journal-payloads.v1.hex"), line => Assert.Equal(line.Hex, Convert.ToHexStringLower(Rewritten(Convert.FromHexString(line.Hex)))));
    }

    [Fact]
    public void Order_events_are_written_and_read_as_ever() => Compare("order-events.v1.hex",
        [.. Cases.OrderEvents.Select(e => (EventNames.Of(e), Convert.ToHexStringLower(Cases.Written(w => OrderEventCodec.Write(w, e)))))]);

    [Fact]
    public void Stock_events_are_written_and_read_as_ever() => Compare("stock-events.v1.hex",
        [.. Cases.StockEvents.Select(e => (EventNames.Of(e), Convert.ToHexStringLower(Cases.Written(w => StockEventCodec.Write(w, e)))))]);

    [Fact]
    public void Messages_are_written_and_read_as_ever() => Compare("messages.v1.hex",
        [.. Cases.Messages.Select(m => (m.GetType().Name, Convert.ToHexStringLower(Cases.Written(w => MessageCodec.Write(w, m)))))]);

    // Also fixes what the partition decides: a change here is a change of behavior for every stored journal's next byte.
    [Fact]
    public void A_whole_order_gives_the_same_journal_and_the_same_order_as_ever()
    {
        var shop = new PartitionHarness().WithItem();
        var id = shop.Placed(Domain.Given.Placement(Domain.Given.Line(quantity: 2)) with { ExternalId = "W-1" });
        shop.Changed(id, new Millrace.Domain.Orders.OrderCommand.Ship("dhl", "t1"), Domain.Given.Key("s"));
        shop.Changed(id, new Millrace.Domain.Orders.OrderCommand.Refund(300, "late"), Domain.Given.Key("r"));
        shop.Changed(id, new Millrace.Domain.Orders.OrderCommand.Deliver(), Domain.Given.Key("d"));
        Compare("whole-order.v4.hex", [.. shop.Journal.Of(0).Select(b => ($"{b.FirstSeq}-{b.LastSeq}", Convert.ToHexStringLower(b.Payload.Span)))]);

        Assert.Equal(Describe.Text(shop.OrderOf(id)), Describe.Text(OrderDocument.Fold(id, Document("whole-order.v4.hex"))));

        // v2 was written in payload format 1, v3 in 2.
        Assert.Equal(Document("whole-order.v2.hex"), Document("whole-order.v4.hex"));
        Assert.Equal(Document("whole-order.v3.hex"), Document("whole-order.v4.hex"));
    }

    // v1: an allocation was answered, and the order confirmed only after that (docs/adr/0005).
    [Fact]
    public void A_whole_order_of_an_earlier_version_is_read_as_ever()
    {
        var order = OrderDocument.Fold(Domain.Given.Id(), Document("whole-order.v1.hex"))!;
        Assert.Equal((OrderStatus.Completed, 19, 10), (order.Status, order.Version, order.SettledVersion));
        Assert.Equal((2_000, 2_000, 300), (order.Payment.AuthorizedMinor, order.Payment.CapturedMinor, order.Payment.RefundedMinor));
        Assert.Equal(StockPartStatus.Deducted, Assert.Single(order.StockParts).Status);
    }

    private static byte[] Document(string file) =>
        [.. Read(file).SelectMany(l => RecordCodec.Read(Convert.FromHexString(l.Hex))).OfType<JournalRecord.OrderDecided>().SelectMany(r => r.Bytes.ToArray())];

    private static byte[] Rewritten(byte[] payload) => Cases.Written(w =>
    {
        w.Byte(payload[0]);
        foreach (var record in RecordCodec.Read(payload))
        {
            switch (record)
            {
                case JournalRecord.OrderDecided r: RecordCodec.WriteOrderDecided(w, r.Order, r.Decision.Context, [.. r.Decision.Facts], r.Decision.Facts[0] is OrderEvent.Placed ? null : r.Mark); break;
                case JournalRecord.StockChanged r: RecordCodec.WriteStockChanged(w, r.AtUnixMs, r.Fact); break;
                case JournalRecord.Received r: RecordCodec.WriteReceived(w, r.Source, r.ChannelSeq); break;
                case JournalRecord.NameAnswered r: RecordCodec.WriteNameAnswered(w, r.Hash, r.Order, r.IsGranted); break;
            }
        }
    });

    private static void Compare(string file, (string Name, string Hex)[] written)
    {
        var golden = Read(file);
        Assert.True(golden.Length <= written.Length, $"A line of {file} has lost its case.");
        for (var i = 0; i < written.Length; i++)
        {
            Assert.True(i < golden.Length, $"Append to {file}:\n{written[i].Name}\t{written[i].Hex}");
            Assert.Equal(golden[i], written[i]);
        }
    }

    private static (string Name, string Hex)[] Read(string file) =>
        [.. File.ReadAllLines(Path.Combine(Repository.Tests, "Engine", "Golden", file)).Select(l => l.Split('\t')).Select(p => (p[0], p[1]))];
}
