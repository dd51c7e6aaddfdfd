using System.Text.Json;
using Millrace.Domain.Stock;

namespace Millrace.Api.Items;

/// <summary>An item as answers show it.</summary>
internal static class ItemJson
{
    public static void Write(Utf8JsonWriter w, StockItem item)
    {
        w.WriteStartObject();
        w.WriteString("sku"u8, item.Sku);
        w.WriteString("name"u8, item.Name);
        w.WriteNumber("price"u8, item.PriceMinor);
        w.WriteString("currency"u8, item.CurrencyCode);
        w.WriteNumber("backorder_limit"u8, item.BackorderLimit);
        w.WriteNumber("available"u8, item.Available);
        w.WriteNumber("version"u8, item.Version);
        w.WriteStartArray("stock"u8);
        foreach (var level in item.Levels)
        {
            w.WriteStartObject();
            w.WriteString("location"u8, level.Location);
            w.WriteNumber("on_hand"u8, level.OnHand);
            w.WriteNumber("reserved"u8, level.Reserved);
            w.WriteNumber("allocated"u8, level.Allocated);
            w.WriteNumber("available"u8, level.Available);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        w.WriteEndObject();
    }

    public static void WriteAvailability(Utf8JsonWriter w, Availability item)
    {
        w.WriteStartObject();
        w.WriteString("sku"u8, item.Sku);
        w.WriteNumber("available"u8, item.Available);
        w.WriteBoolean("in_stock"u8, item.Available > 0);
        w.WriteBoolean("backorderable"u8, item.IsBackorderable);
        w.WriteEndObject();
    }
}
