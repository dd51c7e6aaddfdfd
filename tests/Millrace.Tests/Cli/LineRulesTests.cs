using Millrace.Cli.Replay;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class LineRulesTests
{
    private const string Date = "2010-12-01 08:26:00";

    [Theory]
    [InlineData("536365", "85123A", "6", "2.55", 255)]
    [InlineData("536365", "POST", "1", "18.00", 1800)]
    [InlineData("536365", "BANK CHARGES", "1", "15", 1500)]
    [InlineData("536365", "m", "80995", "2.080", 208)]
    [InlineData("536365", "M", "1", "38970.0", 3897000)]
    public void What_has_a_quantity_and_a_price_is_sold_goods_or_not(string invoice, string sku, string quantity, string price, long minor)
    {
        var sold = Assert.IsType<Verdict.Sold>(Classify(invoice, sku, quantity, price));
        Assert.Equal((int.Parse(quantity), minor), (sold.Quantity, sold.PriceMinor));
        Assert.Equal(new DateTime(2010, 12, 1, 8, 26, 0), sold.Date);
    }

    [Theory]
    [InlineData("", "A", "1", "1", Date, RejectReason.NoInvoice)]
    [InlineData("A563185", "B", "1", "11062.06", Date, RejectReason.Adjustment)]
    [InlineData("1", "", "1", "1", Date, RejectReason.NoSku)]
    [InlineData("1", "A", "x", "1", Date, RejectReason.QuantityInvalid)]
    [InlineData("1", "A", "1.5", "1", Date, RejectReason.QuantityInvalid)]
    [InlineData("1", "A", "0", "1", Date, RejectReason.QuantityNotPositive)]
    [InlineData("1", "A", "-9600", "0", Date, RejectReason.QuantityNotPositive)]
    [InlineData("1", "A", "1000001", "1", Date, RejectReason.QuantityTooLarge)]
    [InlineData("1", "A", "1", "", Date, RejectReason.PriceInvalid)]
    [InlineData("1", "A", "1", "1e3", Date, RejectReason.PriceInvalid)]
    [InlineData("1", "A", "1", "0.0", Date, RejectReason.PriceNotPositive)]
    [InlineData("1", "A", "1", "-11062.06", Date, RejectReason.PriceNotPositive)]
    [InlineData("1", "PADS", "1", "0.001", Date, RejectReason.PriceNotRepresentable)]
    [InlineData("1", "A", "1", "1", "yesterday", RejectReason.DateInvalid)]
    [InlineData("C1", "A", "1", "1", Date, RejectReason.QuantityInvalid)]
    [InlineData("C1", "A", "0", "1", Date, RejectReason.QuantityInvalid)]
    public void What_cannot_be_sold_has_one_reason(string invoice, string sku, string quantity, string price, string date, string reason) =>
        Assert.Equal(reason, Assert.IsType<Verdict.Rejected>(Classify(invoice, sku, quantity, price, date)).Reason);

    [Fact]
    public void A_line_of_a_cancellation_counts_units_whatever_its_price() =>
        Assert.Equal(12, Assert.IsType<Verdict.Returned>(Classify("C536379", "A", "-12", "0.001")).Quantity);

    [Fact]
    public void A_SKU_has_at_most_64_characters()
    {
        Assert.IsType<Verdict.Sold>(Classify("1", new string('x', 64), "1", "1"));
        Assert.Equal(new Verdict.Rejected(RejectReason.SkuTooLong), Classify("1", new string('x', 65), "1", "1"));
    }

    private static Verdict Classify(string invoice, string sku, string quantity, string price, string date = Date) =>
        LineRules.Classify(new RawLine(2, invoice, sku, "", quantity, date, price, "", ""));
}
