using Millrace.Cli.Client;

namespace Millrace.Cli.Replay;

/// <summary>Renders an invoice as the body of <c>POST /v1/orders</c>.</summary>
internal static class SalesJson
{
    public const string Currency = "GBP";

    public static byte[] Order(Invoice invoice) => JsonBody.Of(w =>
    {
        w.WriteString("external_id", invoice.Number);
        w.WriteStartObject("customer");
        // A buyer that the file does not name is a buyer of its own, not one who bought a quarter of everything.
        w.WriteString("id", invoice.Customer ?? "guest-" + invoice.Number);
        w.WriteEndObject();
        w.WriteString("currency", Currency);
        w.WriteStartArray("lines");
        foreach (var line in invoice.Lines)
        {
            w.WriteStartObject();
            w.WriteString("sku", line.Source.Sku);
            w.WriteNumber("quantity", line.Quantity);
            w.WriteNumber("unit_price", line.PriceMinor);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        if (Countries.CodeOf(invoice.Country) is { } country)
        {
            w.WriteStartObject("addresses");
            w.WriteStartObject("shipping");
            w.WriteString("country", country);
            w.WriteEndObject();
            w.WriteEndObject();
        }

        w.WriteStartObject("payment");
        w.WriteString("token", "tok_replay");
        w.WriteEndObject();
        w.WriteNumber("expected_total", invoice.AmountMinor);
        w.WriteStartObject("metadata");
        w.WriteString("invoice_date", invoice.Date.ToString("yyyy-MM-ddTHH:mm:ss"));
        w.WriteIfGiven("country", invoice.Country.Length is > 0 and <= 200 ? invoice.Country : null);
        w.WriteEndObject();
    });
}
