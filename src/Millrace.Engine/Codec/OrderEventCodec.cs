using System.Diagnostics;
using Millrace.Domain.Orders;

namespace Millrace.Engine.Codec;

internal static class OrderEventCodec
{
    public static void Write(PayloadWriter w, OrderEvent fact)
    {
        w.Byte(EventNames.OrderTag(fact));
        switch (fact)
        {
            case OrderEvent.Placed e: PlacementCodec.Write(w, e.Placement); break;
            case OrderEvent.ExternalIdRequested e: w.Int(e.Partition); break;
            case OrderEvent.ReservationRequested e: WriteParts(w, e.Parts); break;
            case OrderEvent.StockReserved e: w.Int(e.Part); StockEventCodec.WriteTakes(w, e.Takes); break;
            case OrderEvent.StockRefused e: w.Int(e.Part); w.Text(e.Code); w.Text(e.Sku); break;
            case OrderEvent.StockMoveRequested e: w.Byte((byte)e.Step); break;
            case OrderEvent.StockMoved e: w.Int(e.Part); w.Byte((byte)e.Step); break;
            case OrderEvent.PaymentRequested e: w.Byte((byte)e.Step); w.Int(e.Number); w.Signed(e.AmountMinor); break;
            case OrderEvent.PaymentSucceeded e: w.Byte((byte)e.Step); w.Int(e.Number); w.Text(e.Reference); break;
            case OrderEvent.PaymentDeclined e: w.Byte((byte)e.Step); w.Int(e.Number); w.Text(e.Code); w.Bool(e.IsSoft); break;
            case OrderEvent.PaymentUnknown e:
                w.Byte((byte)e.Step); w.Int(e.Number); w.Int(e.Attempt); w.Text(e.Error); w.Signed(e.RetryAtUnixMs);
                break;
            case OrderEvent.HoldPlaced e: w.Text(e.HoldId); w.Text(e.Kind); w.OptionalText(e.Reason); w.OptionalSigned(e.ExpiresAtUnixMs); break;
            case OrderEvent.HoldReleased e: w.Text(e.HoldId); break;
            case OrderEvent.ClosingStarted e: w.Byte((byte)e.Closing.Outcome); w.Text(e.Closing.Code); w.OptionalText(e.Closing.Detail); break;
            case OrderEvent.Shipped e: w.OptionalText(e.Carrier); w.OptionalText(e.Tracking); break;
            case OrderEvent.Parked e: w.Text(e.Code); w.Text(e.Detail); break;
            case OrderEvent.Resumed e: w.OptionalText(e.Reason); break;
            case OrderEvent.AnswerSetAside e: w.Byte(AnswerCodec.Tag(e.Answer)); AnswerCodec.Write(w, e.Answer); break;
            case OrderEvent.ExternalIdGranted or OrderEvent.ExternalIdRefused or OrderEvent.Confirmed
                or OrderEvent.Delivered or OrderEvent.Completed or OrderEvent.Closed: break;
            default: throw new UnreachableException();
        }
    }

    public static OrderEvent Read(ref PayloadReader r) => r.Byte() switch
    {
        1 => new OrderEvent.Placed(PlacementCodec.Read(ref r)),
        2 => new OrderEvent.ExternalIdRequested(r.Int()),
        3 => new OrderEvent.ExternalIdGranted(),
        4 => new OrderEvent.ExternalIdRefused(),
        5 => new OrderEvent.ReservationRequested(ReadParts(ref r)),
        6 => new OrderEvent.StockReserved(r.Int(), StockEventCodec.ReadTakes(ref r)),
        7 => new OrderEvent.StockRefused(r.Int(), r.Code(), r.Code()),
        8 => new OrderEvent.StockMoveRequested(StockEventCodec.ReadStep(ref r)),
        9 => new OrderEvent.StockMoved(r.Int(), StockEventCodec.ReadStep(ref r)),
        10 => new OrderEvent.PaymentRequested(ReadStep(ref r), r.Int(), r.Signed()),
        11 => new OrderEvent.PaymentSucceeded(ReadStep(ref r), r.Int(), r.Text()),
        12 => new OrderEvent.PaymentDeclined(ReadStep(ref r), r.Int(), r.Code(), r.Bool()),
        13 => new OrderEvent.PaymentUnknown(ReadStep(ref r), r.Int(), r.Int(), r.Code(), r.Signed()),
        14 => new OrderEvent.HoldPlaced(r.Text(), r.Text(), r.OptionalText(), r.OptionalSigned()),
        15 => new OrderEvent.HoldReleased(r.Text()),
        16 => new OrderEvent.ClosingStarted(new Closing(ReadStatus(ref r), r.Code(), r.OptionalText())),
        17 => new OrderEvent.Confirmed(),
        18 => new OrderEvent.Shipped(r.OptionalText(), r.OptionalText()),
        19 => new OrderEvent.Delivered(),
        20 => new OrderEvent.Completed(),
        21 => new OrderEvent.Closed(),
        22 => new OrderEvent.Parked(r.Code(), r.Text()),
        23 => new OrderEvent.Resumed(r.OptionalText()),
        24 => new OrderEvent.AnswerSetAside(AnswerCodec.Read(r.Byte(), ref r)),
        var tag => throw new PayloadException($"order event {tag} is unknown"),
    };

    private static void WriteParts(PayloadWriter w, StockPartLines[] parts)
    {
        w.Int(parts.Length);
        foreach (var part in parts)
        {
            w.Int(part.Partition);
            w.Int(part.LineIndexes.Length);
            foreach (var index in part.LineIndexes)
                w.Int(index);
        }
    }

    private static StockPartLines[] ReadParts(ref PayloadReader r)
    {
        var parts = new StockPartLines[r.Count()];
        for (var i = 0; i < parts.Length; i++)
        {
            var partition = r.Int();
            var indexes = new int[r.Count()];
            for (var j = 0; j < indexes.Length; j++)
                indexes[j] = r.Int();
            parts[i] = new StockPartLines(partition, indexes);
        }

        return parts;
    }

    private static PaymentStep ReadStep(ref PayloadReader r) => r.Byte() switch
    {
        var b and >= 1 and <= 4 => (PaymentStep)b,
        var b => throw new PayloadException($"payment step {b} is unknown"),
    };

    private static OrderStatus ReadStatus(ref PayloadReader r) => r.Byte() switch
    {
        var b and >= 1 and <= 6 => (OrderStatus)b,
        var b => throw new PayloadException($"order status {b} is unknown"),
    };
}
