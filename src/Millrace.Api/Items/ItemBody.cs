using Millrace.Api.Json;
using Millrace.Api.Orders.Place;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Domain.Money;
using Millrace.Domain.Stock;

namespace Millrace.Api.Items;

/// <summary>The body of <c>PUT /v1/items/{sku}</c>: the whole catalog entry.</summary>
internal static class ItemBody
{
    private const int MaxName = 200;
    private const long MaxBackorder = 1_000_000_000;
    private static readonly FieldSet Fields = new("name", "price", "currency", "backorder_limit");

    public static Problem? Parse(ReadOnlySpan<byte> utf8, TenantId tenant, string sku, out StockCommand.DefineItem command)
    {
        var json = new StrictJson(utf8);
        string? name = null;
        Currency? currency = null;
        long price = 0, backorder = 0;
        var seen = 0ul;
        if (json.Object())
        {
            while (json.Field(Fields, ref seen) is { } field)
            {
                switch (field)
                {
                    case "name": name = json.Text(MaxName, TextRule.Id); break;
                    case "price": price = PlaceParser.Amount(ref json); break;
                    case "currency": currency = PlaceParser.CurrencyCode(ref json); break;
                    default: backorder = json.Whole(0, MaxBackorder); break;
                }
            }

            json.Require(seen, Fields, 3);
        }

        json.End();
        command = new StockCommand.DefineItem(tenant, sku, name ?? "", price, currency?.Code ?? "", backorder);
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }

    /// <summary>The same rule as in an order's line.</summary>
    public static bool IsSku(string sku) => sku.Length is >= 1 and <= LineParser.MaxSku && !sku.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
