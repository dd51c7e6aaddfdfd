using System.Globalization;

namespace Millrace.OperatorConsole.Parts;

/// <summary>Money for people: minor units with the currency's own decimals.</summary>
internal static class Amount
{
    // ISO 4217: those that do not have two.
    private static readonly Dictionary<string, int> Decimals = new(StringComparer.Ordinal)
    {
        ["BIF"] = 0, ["CLP"] = 0, ["DJF"] = 0, ["GNF"] = 0, ["ISK"] = 0, ["JPY"] = 0, ["KMF"] = 0, ["KRW"] = 0, ["PYG"] = 0, ["RWF"] = 0, ["UGX"] = 0, ["VND"] = 0,
        ["VUV"] = 0, ["XAF"] = 0, ["XOF"] = 0, ["XPF"] = 0, ["BHD"] = 3, ["IQD"] = 3, ["JOD"] = 3, ["KWD"] = 3, ["LYD"] = 3, ["OMR"] = 3, ["TND"] = 3,
    };

    public static string Of(long minor, string currency)
    {
        var decimals = Decimals.GetValueOrDefault(currency, 2);
        var value = (decimal)minor;
        for (var i = 0; i < decimals; i++)
            value /= 10;
        return $"{value.ToString("N" + decimals, CultureInfo.InvariantCulture)} {currency}";
    }
}
