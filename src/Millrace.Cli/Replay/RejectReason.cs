namespace Millrace.Cli.Replay;

/// <summary>Why a line is not sold. Stable: reports are compared by them.</summary>
internal static class RejectReason
{
    public const string NoInvoice = "no_invoice";
    public const string NoSku = "no_sku";
    public const string SkuTooLong = "sku_too_long";
    public const string Adjustment = "adjustment";
    public const string QuantityInvalid = "quantity_invalid";
    public const string QuantityNotPositive = "quantity_not_positive";
    public const string QuantityTooLarge = "quantity_too_large";
    public const string PriceInvalid = "price_invalid";
    public const string PriceNotPositive = "price_not_positive";
    public const string PriceNotRepresentable = "price_not_representable";
    public const string DateInvalid = "date_invalid";
    public const string TooManyLines = "too_many_lines";
    public const string InvoiceScattered = "invoice_scattered";
    public const string ReturnNotSupported = "return_not_supported";

    /// <summary>The server refused the order or the cancellation that the line belongs to.</summary>
    public static string Refused(string code) => "refused:" + code;
}
