namespace Millrace.Domain.Money;

/// <summary>An ISO 4217 currency. Amounts are counted in its minor unit, 10^-<see cref="Exponent"/> of the major one.</summary>
public sealed class Currency : IEquatable<Currency>
{
    private static readonly Dictionary<string, Currency> ByCode = Build();

    private Currency(string code, int exponent)
    {
        Code = code;
        Exponent = exponent;
    }

    /// <summary>Three upper-case letters.</summary>
    public string Code { get; }

    /// <summary>Digits after the decimal point: 0, 2, 3 or 4.</summary>
    public int Exponent { get; }

    public static bool TryGet(string? code, out Currency currency) => ByCode.TryGetValue(code ?? "", out currency!);

    public static Currency Get(string code) =>
        ByCode.TryGetValue(code, out var currency) ? currency : throw new FormatException($"'{code}' is no ISO 4217 currency.");

    public bool Equals(Currency? other) => ReferenceEquals(this, other);
    public override bool Equals(object? obj) => ReferenceEquals(this, obj);
    public override int GetHashCode() => Code.GetHashCode(StringComparison.Ordinal);
    public override string ToString() => Code;

    // ISO 4217:2015, list one, without funds and metals; those with an exponent other than 2 are named apart.
    private static Dictionary<string, Currency> Build()
    {
        const string zero = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
        const string two = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD "
            + "CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG "
            + "HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR "
            + "MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP "
            + "SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";
        const string three = "BHD IQD JOD KWD LYD OMR TND";
        const string four = "CLF UYW";
        var currencies = new Dictionary<string, Currency>(StringComparer.Ordinal);
        foreach (var (codes, exponent) in new[] { (zero, 0), (two, 2), (three, 3), (four, 4) })
        {
            foreach (var code in codes.Split(' '))
                currencies.Add(code, new Currency(code, exponent));
        }

        return currencies;
    }
}
