using Millrace.Api.Json;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Place;

/// <summary>The lines of an order.</summary>
internal static class LineParser
{
    public const int MaxSku = 64;
    private const int MaxAmounts = 32;
    private static readonly FieldSet LineFields = new("sku", "quantity", "unit_price", "discounts", "tax_lines");
    private static readonly FieldSet AmountFields = new("name", "amount");

    public static void Parse(ref StrictJson json, List<DraftLine> lines)
    {
        if (!json.Array())
            return;
        var index = 0;
        for (; json.Element(index); index++)
        {
            if (index < OrderPlacement.MaxLines)
                lines.Add(Line(ref json));
            else
                json.Skip();
        }

        if (index == 0)
            json.Fault("too_short", "At least one line is needed.");
        else if (index > OrderPlacement.MaxLines)
            json.Fault("too_many", $"At most {OrderPlacement.MaxLines} lines are accepted.");
    }

    private static DraftLine Line(ref StrictJson json)
    {
        string? sku = null;
        long quantity = 0;
        long? price = null;
        LineAmount[] discounts = [], taxes = [];
        var seen = 0ul;
        if (!json.Object())
            return default;
        while (json.Field(LineFields, ref seen) is { } field)
        {
            switch (field)
            {
                case "sku": sku = json.Text(MaxSku, TextRule.Code); break;
                case "quantity": quantity = json.Whole(1, LineItem.MaxQuantity); break;
                case "unit_price": price = PlaceParser.Amount(ref json); break;
                case "discounts": discounts = Amounts(ref json); break;
                default: taxes = Amounts(ref json); break;
            }
        }

        json.Require(seen, LineFields, 2);
        return new DraftLine(sku ?? "", (int)quantity, price, discounts, taxes);
    }

    private static LineAmount[] Amounts(ref StrictJson json)
    {
        if (!json.Array())
            return [];
        var amounts = new List<LineAmount>(2);
        var index = 0;
        for (; json.Element(index); index++)
        {
            if (index < MaxAmounts)
                amounts.Add(Amount(ref json));
            else
                json.Skip();
        }

        if (index > MaxAmounts)
            json.Fault("too_many", $"At most {MaxAmounts} are accepted.");
        return [.. amounts];
    }

    private static LineAmount Amount(ref StrictJson json)
    {
        string? name = null;
        var amount = 0L;
        var seen = 0ul;
        if (!json.Object())
            return new LineAmount("", 0);
        while (json.Field(AmountFields, ref seen) is { } field)
        {
            if (field == "name")
                name = json.Text(64, TextRule.Free);
            else
                amount = PlaceParser.Amount(ref json);
        }

        json.Require(seen, AmountFields, 2);
        return new LineAmount(name ?? "", amount);
    }
}
