using System.Globalization;
using Millrace.Cli.Client;

namespace Millrace.Cli.Replay;

/// <summary><c>--stock</c>: how much of each SKU there is before the sales begin.</summary>
internal abstract record StockRule
{
    private StockRule() { }

    public abstract long UnitsOf(in SalesItem item);

    /// <param name="text"><c>enough</c>, units such as <c>500</c>, or a factor of what is sold such as <c>0.9x</c>.</param>
    public static StockRule Parse(string text)
    {
        if (text == "enough")
            return new Factor(1);
        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var units))
            return new Fixed(units);
        if (text.EndsWith('x') && decimal.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var factor) && factor <= 1000)
            return new Factor(factor);
        throw new UsageException($"'{text}' is no stock: write enough, a number of units, or a factor such as 0.9x.");
    }

    private sealed record Fixed(long Units) : StockRule
    {
        public override long UnitsOf(in SalesItem item) => Units;
    }

    private sealed record Factor(decimal Times) : StockRule
    {
        public override long UnitsOf(in SalesItem item) => (long)decimal.Ceiling(item.UnitsSold * Times);
    }
}
