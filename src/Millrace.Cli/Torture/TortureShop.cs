using System.Text.Json;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;
using Millrace.Cli.Replay;

namespace Millrace.Cli.Torture;

/// <summary>What is sold: a few SKUs with plenty of stock, and one that runs out.</summary>
internal static class TortureShop
{
    private const string Currency = "EUR";
    private const long PriceMinor = 250;
    private const long Plenty = 10_000_000;
    private static readonly string[] Skus = [.. Enumerable.Range(1, 20).Select(i => $"SKU-{i:D2}"), "SCARCE"];

    /// <param name="scarceUnits">On hand of the SKU that runs out.</param>
    public static async Task StockAsync(MillraceClient client, long scarceUnits, CancellationToken cancellation)
    {
        foreach (var sku in Skus)
        {
            await client.PutAsync(ItemsCommand.ItemPath(sku), ItemsCommand.Render(sku, PriceMinor, Currency, null), cancellation);
            await client.PostAsync(StockCommand.AdjustmentsPath,
                StockCommand.Render(sku, CatalogLoading.Location, sku == "SCARCE" ? scarceUnits : Plenty, "torture"), $"stock:{sku}", cancellation);
        }
    }

    public static byte[] Order(Random random, string key) => JsonBody.Of(json =>
    {
        json.WriteStartObject("customer");
        json.WriteString("id", $"c-{random.Next(1_000)}");
        json.WriteEndObject();
        json.WriteString("currency", Currency);
        json.WriteStartArray("lines");
        for (var lines = random.Next(1, 4); lines > 0; lines--)
        {
            json.WriteStartObject();
            json.WriteString("sku", Skus[random.Next(Skus.Length)]);
            json.WriteNumber("quantity", random.Next(1, 4));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("payment");
        json.WriteString("token", random.Next(20) switch { 0 => "tok_decline", 1 => "tok_timeout_once", _ => "tok_visa" });
        json.WriteEndObject();
        if (random.Next(4) == 0)
            json.WriteString("external_id", key);
    });

    public static byte[] Refund(long amountMinor) => JsonBody.Of(json => json.WriteNumber("amount", amountMinor));

    public static byte[] Nothing { get; } = JsonBody.Of(static _ => { });

    public static string Text(this JsonElement element, string name) => element.GetProperty(name).GetString()!;
}
