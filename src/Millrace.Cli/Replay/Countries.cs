using System.Collections.Frozen;

namespace Millrace.Cli.Replay;

/// <summary>ISO 3166-1 codes of the country names in sales files.</summary>
internal static class Countries
{
    private static readonly FrozenDictionary<string, string> Codes = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
    {
        ["United Kingdom"] = "GB", ["Germany"] = "DE", ["France"] = "FR", ["EIRE"] = "IE", ["Ireland"] = "IE", ["Spain"] = "ES",
        ["Netherlands"] = "NL", ["Belgium"] = "BE", ["Switzerland"] = "CH", ["Portugal"] = "PT", ["Australia"] = "AU",
        ["Norway"] = "NO", ["Italy"] = "IT", ["Finland"] = "FI", ["Cyprus"] = "CY", ["Sweden"] = "SE", ["Austria"] = "AT",
        ["Denmark"] = "DK", ["Japan"] = "JP", ["Poland"] = "PL", ["Israel"] = "IL", ["USA"] = "US", ["Hong Kong"] = "HK",
        ["Singapore"] = "SG", ["Iceland"] = "IS", ["Canada"] = "CA", ["Greece"] = "GR", ["Malta"] = "MT",
        ["United Arab Emirates"] = "AE", ["RSA"] = "ZA", ["Lebanon"] = "LB", ["Lithuania"] = "LT", ["Brazil"] = "BR",
        ["Czech Republic"] = "CZ", ["Bahrain"] = "BH", ["Saudi Arabia"] = "SA", ["Nigeria"] = "NG", ["Bermuda"] = "BM",
        ["Korea"] = "KR", ["Thailand"] = "TH",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <returns>Null for names that are no one country, such as Channel Islands or European Community.</returns>
    public static string? CodeOf(string name) => Codes.TryGetValue(name, out var code) ? code : null;
}
