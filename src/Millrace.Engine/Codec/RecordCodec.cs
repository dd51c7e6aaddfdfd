using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Engine.Codec;

/// <summary>One record of a partition's journal: it has one sequence number.</summary>
public abstract record JournalRecord
{
    private JournalRecord() { }

    /// <param name="Decision">As it is appended to the order's document.</param>
    /// <param name="Mark">Null where an earlier format did not tell.</param>
    public sealed record OrderDecided(OrderId Order, RecordedDecision Decision, ReadOnlyMemory<byte> Bytes, OrderMark? Mark) : JournalRecord;

    /// <param name="AtUnixMs">When it was decided.</param>
    public sealed record StockChanged(long AtUnixMs, StockEvent Fact) : JournalRecord;

    /// <summary>Messages of a channel up to this number have been taken.</summary>
    public sealed record Received(int Source, long ChannelSeq) : JournalRecord;

    /// <summary>An order asked for a name and got it, or not.</summary>
    public sealed record NameAnswered(UInt128 Hash, OrderId Order, bool IsGranted) : JournalRecord;
}

/// <summary>Where a decision stands in its order.</summary>
/// <param name="Tenant">Whose order it is.</param>
/// <param name="VersionBefore">How many events the order had.</param>
public readonly record struct OrderMark(TenantId Tenant, int VersionBefore);

/// <summary>
/// A batch's payload: one byte for its <see cref="PayloadFormat"/>, then records. Written by hand because the domain knows no serializer, every
/// field is worth a byte at this rate, and a reader of any later version must read it: see ADR 0002.
/// </summary>
public static class RecordCodec
{
    private const byte OrderDecided = 1;
    private const byte StockChanged = 2;
    private const byte Received = 3;
    private const byte NameAnswered = 4;
    private const byte MarkedOrderDecided = 5;

    /// <summary>Writes the decision and tells where its document bytes begin in the writer.</summary>
    /// <param name="mark">Null in a format that does not know it; the placement itself needs none.</param>
    internal static int WriteOrderDecided(PayloadWriter w, OrderId id, EventContext context, List<OrderEvent> facts, OrderMark? mark = null)
    {
        w.Byte(mark is null ? OrderDecided : MarkedOrderDecided);
        w.Id(id);
        if (mark is { } known)
        {
            w.Text(known.Tenant.Value);
            w.Int(known.VersionBefore);
        }

        var start = w.Length;
        OrderDecisionCodec.Write(w, context, facts);
        return start;
    }

    internal static void WriteStockChanged(PayloadWriter w, long atUnixMs, StockEvent fact)
    {
        w.Byte(StockChanged);
        w.Signed(atUnixMs);
        StockEventCodec.Write(w, fact);
    }

    internal static void WriteReceived(PayloadWriter w, int source, long channelSeq)
    {
        w.Byte(Received);
        w.Int(source);
        w.Signed(channelSeq);
    }

    internal static void WriteNameAnswered(PayloadWriter w, UInt128 hash, OrderId order, bool isGranted)
    {
        w.Byte(NameAnswered);
        w.Hash(hash);
        w.Id(order);
        w.Bool(isGranted);
    }

    /// <param name="newest">What this build can read; an older one in tests.</param>
    /// <exception cref="PayloadException">The payload is not what its format says.</exception>
    public static List<JournalRecord> Read(ReadOnlyMemory<byte> payload, int newest = PayloadFormat.Newest)
    {
        if (payload.Length == 0 || payload.Span[0] < PayloadFormat.Oldest || payload.Span[0] > newest)
            throw new PayloadException($"payload format {(payload.Length == 0 ? "missing" : payload.Span[0])} is unknown");
        var records = new List<JournalRecord>();
        var offset = 1;
        while (offset < payload.Length)
        {
            var rest = payload[offset..];
            var r = new PayloadReader(rest.Span);
            switch (r.Byte())
            {
                case OrderDecided:
                    records.Add(ReadDecision(r.Id(), null, rest, r.Position, ref offset));
                    continue;
                case MarkedOrderDecided:
                    var order = r.Id();
                    var mark = new OrderMark(r.Tenant(), r.Int());
                    records.Add(ReadDecision(order, mark, rest, r.Position, ref offset));
                    continue;
                case StockChanged:
                    records.Add(new JournalRecord.StockChanged(r.Signed(), StockEventCodec.Read(ref r)));
                    break;
                case Received:
                    records.Add(new JournalRecord.Received(r.Int(), r.Signed()));
                    break;
                case NameAnswered:
                    records.Add(new JournalRecord.NameAnswered(r.Hash(), r.Id(), r.Bool()));
                    break;
                case var kind:
                    throw new PayloadException($"record kind {kind} is unknown");
            }

            offset += r.Position;
        }

        return records;
    }

    private static JournalRecord.OrderDecided ReadDecision(OrderId id, OrderMark? mark, ReadOnlyMemory<byte> rest, int start, ref int offset)
    {
        var decision = OrderDecisionCodec.Read(rest.Span[start..], out var length);
        offset += start + length;
        if (decision.Facts is [OrderEvent.Placed placed, ..])
            mark = new OrderMark(placed.Placement.Tenant, 0);
        return new JournalRecord.OrderDecided(id, decision, rest.Slice(start, length), mark);
    }
}
