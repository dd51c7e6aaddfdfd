using System.Diagnostics;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;

namespace Millrace.Api.Orders.Rendering;

/// <summary>One event of an order's timeline: who, when, what.</summary>
internal static class OrderEventJson
{
    public static void Write(Utf8JsonWriter w, RecordedEvent recorded)
    {
        w.WriteStartObject();
        w.WriteNumber("version"u8, recorded.Version);
        w.WriteString("type"u8, EventNames.Of(recorded.Fact));
        w.WriteTime("at"u8, recorded.Context.AtUnixMs);
        w.WriteActor("actor"u8, recorded.Context.Actor);
        w.WriteStartObject("data"u8);
        WriteData(w, recorded.Fact);
        w.WriteEndObject();
        w.WriteEndObject();
    }

    private static void WriteData(Utf8JsonWriter w, OrderEvent fact)
    {
        switch (fact)
        {
            case OrderEvent.Placed e:
                // The contract itself is in the order, with the buyer's data; the timeline only names it.
                w.WriteNumber("total"u8, e.Placement.TotalMinor);
                w.WriteString("currency"u8, e.Placement.Currency.Code);
                w.WriteNumber("lines"u8, e.Placement.Lines.Length);
                break;
            case OrderEvent.ReservationRequested e: w.WriteNumber("parts"u8, e.Parts.Length); break;
            case OrderEvent.StockReserved e: w.WriteNumber("part"u8, e.Part); WriteTakes(w, e.Takes); break;
            case OrderEvent.StockRefused e: w.WriteNumber("part"u8, e.Part); WriteCode(w, e.Code); w.WriteString("sku"u8, e.Sku); break;
            case OrderEvent.StockMoveRequested e: w.WriteString("step"u8, OrderNames.Of(e.Step)); break;
            case OrderEvent.StockMoved e: w.WriteNumber("part"u8, e.Part); w.WriteString("step"u8, OrderNames.Of(e.Step)); break;
            case OrderEvent.PaymentRequested e: WritePayment(w, e.Step, e.Number); w.WriteNumber("amount"u8, e.AmountMinor); break;
            case OrderEvent.PaymentSucceeded e: WritePayment(w, e.Step, e.Number); w.WriteString("reference"u8, e.Reference); break;
            case OrderEvent.PaymentDeclined e: WritePayment(w, e.Step, e.Number); WriteCode(w, e.Code); w.WriteBoolean("soft"u8, e.IsSoft); break;
            case OrderEvent.PaymentUnknown e:
                WritePayment(w, e.Step, e.Number);
                w.WriteNumber("attempt"u8, e.Attempt);
                w.WriteTime("retry_at"u8, e.RetryAtUnixMs);
                break;
            case OrderEvent.HoldPlaced e:
                w.WriteString("hold"u8, e.HoldId);
                w.WriteString("kind"u8, e.Kind);
                w.WriteString("reason"u8, e.Reason);
                w.WriteTime("expires_at"u8, e.ExpiresAtUnixMs);
                break;
            case OrderEvent.HoldReleased e: w.WriteString("hold"u8, e.HoldId); break;
            case OrderEvent.ClosingStarted e:
                w.WriteString("outcome"u8, OrderNames.Of(e.Closing.Outcome));
                WriteCode(w, e.Closing.Code);
                w.WriteString("detail"u8, e.Closing.Detail);
                break;
            case OrderEvent.Shipped e: w.WriteString("carrier"u8, e.Carrier); w.WriteString("tracking"u8, e.Tracking); break;
            case OrderEvent.Parked e: WriteCode(w, e.Code); w.WriteString("detail"u8, e.Detail); break;
            case OrderEvent.Resumed e: w.WriteString("reason"u8, e.Reason); break;
            case OrderEvent.AnswerSetAside e: w.WriteString("answer"u8, NameOf(e.Answer)); break;
            case OrderEvent.ExternalIdRequested or OrderEvent.ExternalIdGranted or OrderEvent.ExternalIdRefused
                or OrderEvent.Confirmed or OrderEvent.Delivered or OrderEvent.Completed or OrderEvent.Closed:
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static string NameOf(OrderCommand answer) => answer switch
    {
        OrderCommand.StockReserved => "stock_reserved",
        OrderCommand.StockRefused => "stock_refused",
        OrderCommand.StockMoved => "stock_moved",
        OrderCommand.ExternalIdAnswered => "external_id_answered",
        _ => throw new UnreachableException(),
    };

    private static void WriteCode(Utf8JsonWriter w, string code) => w.WriteString("code"u8, code);

    private static void WritePayment(Utf8JsonWriter w, PaymentStep step, int number)
    {
        w.WriteString("step"u8, OrderNames.Of(step));
        w.WriteNumber("number"u8, number);
    }

    private static void WriteTakes(Utf8JsonWriter w, StockTake[] takes)
    {
        w.WriteStartArray("takes"u8);
        foreach (var take in takes)
        {
            w.WriteStartObject();
            w.WriteString("sku"u8, take.Sku);
            w.WriteString("location"u8, take.Location);
            w.WriteNumber("quantity"u8, take.Quantity);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }
}
