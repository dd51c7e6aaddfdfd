using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Tracking;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Rendering;

/// <summary>
/// An order as every answer shows it. A function of the order and its store alone, no clock and no settings: so the answer to a repeat,
/// rendered again from the order as it was, is byte for byte the first one.
/// </summary>
internal static class OrderJson
{
    public static void Write(Utf8JsonWriter w, Order order, TrackingTokens tokens) => Write(w, order, order.Id.ToString(), tokens);

    public static void Write(Utf8JsonWriter w, Order order, string id, TrackingTokens tokens)
    {
        var placement = order.Placement;
        w.WriteStartObject();
        w.WriteString("id"u8, id);
        w.WriteString("external_id"u8, placement.ExternalId);
        w.WriteString("status"u8, OrderNames.Of(order.Status));
        w.WriteString("payment_status"u8, OrderNames.PaymentStatus(order));
        w.WriteString("fulfillment_status"u8, OrderNames.FulfillmentStatus(order));
        w.WriteNumber("version"u8, order.Version);
        w.WriteTime("placed_at"u8, order.PlacedAtUnixMs);
        w.WriteTime("updated_at"u8, order.UpdatedAtUnixMs);
        w.WriteString("currency"u8, placement.Currency.Code);
        w.WriteNumber("total"u8, placement.TotalMinor);
        w.WriteNumber("shipping"u8, placement.ShippingMinor);
        WriteCustomer(w, placement.Buyer);
        WriteAddress(w, placement.ShipTo);
        WriteLines(w, order);
        WritePayment(w, order);
        WriteHolds(w, order.Holds);
        WriteFulfillment(w, order.Fulfillment);
        WriteClosing(w, order.Closing);
        WriteAttention(w, order.Parked);
        WriteOptions(w, placement.Options);
        WriteMetadata(w, placement.Metadata);
        WriteTrackingUrl(w, order, tokens);
        w.WriteEndObject();
    }

    private static void WriteTrackingUrl(Utf8JsonWriter w, Order order, TrackingTokens tokens)
    {
        Span<byte> path = stackalloc byte[TrackingTokens.PathLength];
        tokens.WritePath(order.Id, path);
        w.WriteString("tracking_url"u8, path);
    }

    private static void WriteCustomer(Utf8JsonWriter w, Buyer buyer)
    {
        w.WriteStartObject("customer"u8);
        w.WriteString("id"u8, buyer.CustomerId);
        w.WriteString("name"u8, buyer.Name);
        w.WriteString("email"u8, buyer.Email);
        w.WriteEndObject();
    }

    private static void WriteAddress(Utf8JsonWriter w, Address? address)
    {
        if (address is null)
        {
            w.WriteNull("ship_to"u8);
            return;
        }

        w.WriteStartObject("ship_to"u8);
        w.WriteString("name"u8, address.Name);
        w.WriteString("line1"u8, address.Line1);
        w.WriteString("line2"u8, address.Line2);
        w.WriteString("city"u8, address.City);
        w.WriteString("region"u8, address.Region);
        w.WriteString("postal_code"u8, address.PostalCode);
        w.WriteString("country"u8, address.Country);
        w.WriteEndObject();
    }

    private static void WriteLines(Utf8JsonWriter w, Order order)
    {
        w.WriteStartArray("lines"u8);
        for (var i = 0; i < order.Placement.Lines.Length; i++)
        {
            var line = order.Placement.Lines[i];
            w.WriteStartObject();
            w.WriteString("sku"u8, line.Sku);
            w.WriteNumber("quantity"u8, line.Quantity);
            w.WriteNumber("unit_price"u8, line.UnitPriceMinor);
            WriteAmounts(w, "discounts"u8, line.Discounts);
            WriteAmounts(w, "tax_lines"u8, line.TaxLines);
            w.WriteNumber("total"u8, OrderTotal.LineMinor(line));
            w.WriteString("stock"u8, StockOf(order.StockParts, i));
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    // Null before it was asked for.
    private static string? StockOf(StockPart[] parts, int line)
    {
        foreach (var part in parts)
        {
            if (Array.IndexOf(part.LineIndexes, line) >= 0)
                return OrderNames.Of(part.Status);
        }

        return null;
    }

    private static void WriteAmounts(Utf8JsonWriter w, ReadOnlySpan<byte> name, LineAmount[] amounts)
    {
        w.WriteStartArray(name);
        foreach (var amount in amounts)
        {
            w.WriteStartObject();
            w.WriteString("name"u8, amount.Name);
            w.WriteNumber("amount"u8, amount.AmountMinor);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    private static void WritePayment(Utf8JsonWriter w, Order order)
    {
        var payment = order.Payment;
        w.WriteStartObject("payment"u8);
        w.WriteString("psp"u8, order.Placement.Payment.Psp);
        w.WriteNumber("authorized"u8, payment.AuthorizedMinor);
        w.WriteNumber("captured"u8, payment.CapturedMinor);
        w.WriteNumber("refunded"u8, payment.RefundedMinor);
        w.WriteBoolean("voided"u8, payment.IsVoided);
        w.WriteString("pending"u8, payment.Pending is { } pending ? OrderNames.Of(pending.Step) : null);
        w.WriteNumber("attempts"u8, payment.Pending?.Attempts ?? 0);
        w.WriteTime("next_attempt_at"u8, order.Parked is null && payment.Pending is { RetryAtUnixMs: > 0 and var next } ? next : null);
        w.WriteString("reference"u8, payment.AuthorizationReference);
        w.WriteString("decline_code"u8, payment.DeclineCode);
        w.WriteEndObject();
    }

    private static void WriteHolds(Utf8JsonWriter w, Hold[] holds)
    {
        w.WriteStartArray("holds"u8);
        foreach (var hold in holds)
        {
            w.WriteStartObject();
            w.WriteString("id"u8, hold.Id);
            w.WriteString("kind"u8, hold.Kind);
            w.WriteString("reason"u8, hold.Reason);
            w.WriteString("owner"u8, hold.Owner);
            w.WriteTime("placed_at"u8, hold.PlacedAtUnixMs);
            w.WriteTime("expires_at"u8, hold.ExpiresAtUnixMs);
            w.WriteEndObject();
        }

        w.WriteEndArray();
    }

    private static void WriteFulfillment(Utf8JsonWriter w, Fulfillment? fulfillment)
    {
        if (fulfillment is null)
        {
            w.WriteNull("fulfillment"u8);
            return;
        }

        w.WriteStartObject("fulfillment"u8);
        w.WriteString("carrier"u8, fulfillment.Carrier);
        w.WriteString("tracking"u8, fulfillment.Tracking);
        w.WriteTime("shipped_at"u8, fulfillment.ShippedAtUnixMs);
        w.WriteTime("delivered_at"u8, fulfillment.DeliveredAtUnixMs);
        w.WriteEndObject();
    }

    private static void WriteClosing(Utf8JsonWriter w, Closing? closing)
    {
        if (closing is null)
        {
            w.WriteNull("closing"u8);
            return;
        }

        w.WriteStartObject("closing"u8);
        w.WriteString("outcome"u8, OrderNames.Of(closing.Outcome));
        w.WriteString("code"u8, closing.Code);
        w.WriteString("detail"u8, closing.Detail);
        w.WriteEndObject();
    }

    private static void WriteAttention(Utf8JsonWriter w, ParkedReason? parked)
    {
        if (parked is null)
        {
            w.WriteNull("attention"u8);
            return;
        }

        w.WriteStartObject("attention"u8);
        w.WriteString("code"u8, parked.Code);
        w.WriteString("detail"u8, parked.Detail);
        w.WriteTime("at"u8, parked.AtUnixMs);
        w.WriteEndObject();
    }

    private static void WriteOptions(Utf8JsonWriter w, PlacementOptions options)
    {
        w.WriteStartObject("options"u8);
        w.WriteBoolean("allow_backorder"u8, options.AllowBackorder);
        w.WriteBoolean("allow_split"u8, options.AllowSplit);
        w.WriteNumber("reservation_ttl_s"u8, options.ReservationTtlMs / 1000);
        w.WriteEndObject();
    }

    private static void WriteMetadata(Utf8JsonWriter w, KeyValuePair<string, string>[] metadata)
    {
        w.WriteStartObject("metadata"u8);
        foreach (var (name, value) in metadata)
            w.WriteString(name, value);
        w.WriteEndObject();
    }
}
