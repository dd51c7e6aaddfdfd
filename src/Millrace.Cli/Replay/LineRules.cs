using System.Globalization;

namespace Millrace.Cli.Replay;

/// <summary>What a line is.</summary>
internal abstract record Verdict
{
    private Verdict() { }

    /// <param name="PriceMinor">Pence.</param>
    public sealed record Sold(int Quantity, long PriceMinor, DateTime Date) : Verdict;

    /// <param name="Quantity">Units that come back, above zero.</param>
    public sealed record Returned(int Quantity, DateTime Date) : Verdict;

    public sealed record Rejected(string Reason) : Verdict;
}

/// <summary>
/// Tells sales from what cannot be sold. Codes that are no goods (POST, M, BANK CHARGES, …) with a price are sold like any
/// other: they are on the buyer's invoice and were paid.
/// </summary>
internal static class LineRules
{
    public const int MaxSkuLength = 64;
    public const int MaxQuantity = 1_000_000;
    private const NumberStyles Decimals = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
    private static readonly string[] DateFormats = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "yyyy-MM-ddTHH:mm:ss", "M/d/yyyy H:mm", "yyyy-MM-dd"];

    public static bool IsCancellation(string invoice) => invoice.StartsWith('C') || invoice.StartsWith('c');

    public static Verdict Classify(in RawLine line)
    {
        if (line.Invoice.Length == 0)
            return No(RejectReason.NoInvoice);
        if (line.Invoice.StartsWith('A'))
            return No(RejectReason.Adjustment);
        if (line.Sku.Length == 0)
            return No(RejectReason.NoSku);
        if (line.Sku.Length > MaxSkuLength)
            return No(RejectReason.SkuTooLong);
        if (!int.TryParse(line.Quantity, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var quantity))
            return No(RejectReason.QuantityInvalid);
        if (!DateTime.TryParseExact(line.Date, DateFormats, CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
            return No(RejectReason.DateInvalid);
        return IsCancellation(line.Invoice) ? Return(quantity, date) : Sale(quantity, line.Price, date);
    }

    // What was paid back does not matter here: what matters is whether all units of an order come back.
    private static Verdict Return(int quantity, DateTime date) =>
        quantity is < 0 and >= -MaxQuantity ? new Verdict.Returned(-quantity, date) : No(RejectReason.QuantityInvalid);

    private static Verdict Sale(int quantity, string priceText, DateTime date)
    {
        if (quantity <= 0)
            return No(RejectReason.QuantityNotPositive);
        if (quantity > MaxQuantity)
            return No(RejectReason.QuantityTooLarge);
        if (!decimal.TryParse(priceText, Decimals, CultureInfo.InvariantCulture, out var price) || price > 1_000_000_000)
            return No(RejectReason.PriceInvalid);
        if (price <= 0)
            return No(RejectReason.PriceNotPositive);
        var minor = price * 100;
        // Never rounded: a total that is off by a penny is not the invoice's.
        return minor == decimal.Truncate(minor) ? new Verdict.Sold(quantity, (long)minor, date) : No(RejectReason.PriceNotRepresentable);
    }

    private static Verdict.Rejected No(string reason) => new(reason);
}
