using System.Globalization;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary>A line as a person types it: <c>SKU:QUANTITY</c> or <c>SKU:QUANTITY:PRICE</c>, the price in minor units.</summary>
/// <param name="UnitPriceMinor">Null for the catalog's.</param>
internal readonly record struct OrderLineText(string Sku, int Quantity, long? UnitPriceMinor)
{
    public static OrderLineText Parse(string text)
    {
        var parts = text.Split(':');
        if (parts.Length is 2 or 3 && parts[0].Length > 0
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var quantity) && quantity > 0)
        {
            if (parts.Length == 2)
                return new OrderLineText(parts[0], quantity, null);
            if (long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var price))
                return new OrderLineText(parts[0], quantity, price);
        }

        throw new UsageException($"'{text}' is no line: write SKU:QUANTITY or SKU:QUANTITY:PRICE, the price in minor units.");
    }
}
