using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Orders;
using Millrace.Api.Orders.Place;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324")]
    [InlineData("\"8e03978e\"", "8e03978e")]
    [InlineData("\"a b, c\"", "a b, c")]
    [InlineData("\"a\\\"b\\\\c\"", "a\"b\\c")]
    [InlineData("\"\"", null)]
    [InlineData("\"open", null)]
    [InlineData("\"a\"b\"", null)]
    [InlineData("\"a\\\\\"b\"", null)]
    [InlineData("\"a\\n\"", null)]
    [InlineData("a,b", null)]
    [InlineData("a\"b", null)]
    [InlineData("caf\u00e9", null)]
    public void An_idempotency_key_is_a_quoted_string_or_a_bare_token(string header, string? key)
    {
        var problem = IdempotencyKey.Read(header, out var read);
        Assert.Equal(key is null ? "idempotency_key_invalid" : null, problem?.Kind.Code);
        if (key is not null)
            Assert.Equal(key, read);
    }

    [Fact]
    public void An_idempotency_key_is_needed_once_and_has_at_most_255_characters()
    {
        Assert.Equal("idempotency_key_missing", IdempotencyKey.Read(default, out _)!.Kind.Code);
        Assert.Equal("idempotency_key_invalid", IdempotencyKey.Read(new(["a", "b"]), out _)!.Kind.Code);
        Assert.Null(IdempotencyKey.Read(new string('k', 255), out _));
        Assert.NotNull(IdempotencyKey.Read(new string('k', 256), out _));
    }

    [Theory]
    [InlineData("\"5\"", true)]
    [InlineData("W/\"5\"", true)]
    [InlineData("\"4\", \"5\"", true)]
    [InlineData("*", true)]
    [InlineData("\"55\"", false)]
    [InlineData("5", false)]
    public void If_None_Match_is_met_by_the_version_itself(string header, bool isMet) =>
        Assert.Equal(isMet, OrderETag.IsNotModified(header, 5));

    [Theory]
    [InlineData("\"5\"", 5)]
    [InlineData("*", null)]
    public void If_Match_names_the_expected_version(string header, int? version)
    {
        Assert.Null(OrderETag.ReadIfMatch(header, out var read));
        Assert.Equal(version, read);
    }

    [Theory]
    [InlineData("5")]
    [InlineData("W/\"5\"")]
    [InlineData("\"5\", \"6\"")]
    [InlineData("\"-5\"")]
    [InlineData("\"99999999999\"")]
    public void An_If_Match_that_names_no_version_is_refused(string header) =>
        Assert.Equal("invalid_header", OrderETag.ReadIfMatch(header, out _)!.Kind.Code);

    [Theory]
    [InlineData("wait=5", 5)]
    [InlineData("respond-async, wait=10", 10)]
    [InlineData("wait=900", 30)]
    [InlineData("wait=99999999999999", 30)]
    [InlineData("wait=", 0)]
    [InlineData("wait=-1", 0)]
    [InlineData("wait", 0)]
    public void Prefer_wait_is_bounded_and_never_an_error(string header, int seconds) => Assert.Equal(seconds, PreferWait.Read(header));

    [Theory]
    [InlineData("2026-01-31T12:00:00Z", 1769860800000)]
    [InlineData("2026-01-31T13:00:00.250+01:00", 1769860800250)]
    [InlineData("2026-01-31T12:00:00", null)]
    [InlineData("2026-01-31", null)]
    [InlineData("1969-01-01T00:00:00Z", null)]
    [InlineData("2026-01-31T12:00:00.250999999Z", 1_769_860_800_250)]
    [InlineData("2026-01-31T13:00:00.25099999+01:00", 1_769_860_800_250)]
    [InlineData("2026-01-31T12:00:00.1234567899Z", 1_769_860_800_123)]
    [InlineData("not a time at all!!!", null)]
    public void Times_need_an_offset(string text, long? unixMs)
    {
        Assert.Equal(unixMs is not null, Rfc3339.TryParse(text, out var read));
        Assert.Equal(unixMs ?? read, read);
    }

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00.000Z")]
    [InlineData(1769860800250, "2026-01-31T12:00:00.250Z")]
    [InlineData(long.MaxValue, "9999-12-31T23:59:59.999Z")]
    public void Times_are_written_with_milliseconds(long unixMs, string text) => Assert.Equal(text, JsonTime.Text(unixMs));

    [Theory]
    [InlineData("4111111111111111", true)]
    [InlineData("card 4111 1111 1111 1111 please", true)]
    [InlineData("5555-5555-5555-4444", true)]
    [InlineData("378282246310005", true)]
    [InlineData("4111 1111 1111 1111 12/27", true)]
    [InlineData("4111111111111111 123", true)]
    [InlineData("1 4111 1111 1111 1111", true)]
    [InlineData("No. 7, 3782 822463 10005 1234", true)]
    [InlineData("41111111111111 11", true)]
    [InlineData("12 41111111111111 11", false)]
    [InlineData("refund to DE89 3704 0044 0532 0131 00", false)]
    [InlineData("refund to GB29 5555 5555 5555 4444", false)]
    [InlineData("ab12 5555 5555 5555 4444", true)]
    [InlineData("2026-0001-0002-0004-0004", false)]
    [InlineData("4111 1111 1111 1112 12/27", false)]
    [InlineData("4111 1111 1111 1111-", true)]
    [InlineData("4111111111111 ", false)]
    [InlineData("4111111111111112", false)]
    [InlineData("1769860800250", false)]
    [InlineData("4111--1111--1111--1111", false)]
    [InlineData("41111111111111111111111111", false)]
    [InlineData("", false)]
    public void Card_numbers_are_found_by_Luhn(string text, bool isCard) => Assert.Equal(isCard, CardNumber.IsIn(text));
}
