using Millrace.Domain.Money;
using Xunit;

namespace Millrace.Tests.Domain.Money;

public sealed class CurrencyTests
{
    [Theory]
    [InlineData("JPY", 0)]
    [InlineData("KRW", 0)]
    [InlineData("ISK", 0)]
    [InlineData("EUR", 2)]
    [InlineData("USD", 2)]
    [InlineData("HUF", 2)]
    [InlineData("KWD", 3)]
    [InlineData("TND", 3)]
    [InlineData("CLF", 4)]
    [InlineData("UYW", 4)]
    public void Minor_units_follow_ISO_4217(string code, int exponent) => Assert.Equal(exponent, Currency.Get(code).Exponent);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("eur")]
    [InlineData("EURO")]
    [InlineData("XXX")]
    [InlineData("DEM")]
    public void What_is_no_currency_is_refused(string? code) => Assert.False(Currency.TryGet(code, out _));

    [Fact]
    public void A_currency_is_one_object() => Assert.Same(Currency.Get("EUR"), Currency.Get("EUR"));
}
