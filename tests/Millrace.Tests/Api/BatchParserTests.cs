using System.Text;
using System.Text.Json;
using Millrace.Api.Orders.Place;
using Millrace.Api.Problems;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class BatchParserTests
{
    private const string Good = """{"idempotency_key":"k1","order":{"customer":{"id":"c"},"currency":"EUR","lines":[{"sku":"A","quantity":1}],"payment":{"token":"t"}}}""";
    private const string Bad = """{"idempotency_key":"k2","order":{"customer":{"id":"c"},"currency":"EUR","lines":[{"sku":"A","quantity":0}],"payment":{"token":"t"}}}""";

    [Fact]
    public void Rows_of_an_array_succeed_or_fail_alone()
    {
        var rows = Parse($"[{Good}, {Bad}, 7]", isLines: false);
        Assert.Null(rows[0].Problem);
        Assert.Equal("k1", rows[0].Key);
        Assert.Equal("/order/lines/0/quantity", rows[1].Problem!.Errors[0].Pointer);
        Assert.Equal("", rows[2].Problem!.Errors[0].Pointer);
    }

    [Fact]
    public void Lines_may_be_blank_or_broken_alone()
    {
        var rows = Parse($"{Good}\r\n\n{{nonsense\n{Bad}", isLines: true);
        Assert.Equal([null, "malformed_json", "invalid_request"], rows.Select(r => r.Problem?.Kind.Code));
    }

    [Fact]
    public void The_payload_hash_is_of_the_order_alone()
    {
        var rows = Parse($"[{Good},{Good.Replace("k1", "k9", StringComparison.Ordinal)},{Good.Replace(":1}", ":2}", StringComparison.Ordinal)}]", isLines: false);
        Assert.Equal(rows[0].PayloadHash, rows[1].PayloadHash);
        Assert.NotEqual(rows[0].PayloadHash, rows[2].PayloadHash);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} x")]
    [InlineData("[1")]
    [InlineData("[1] x")]
    public void A_broken_array_is_refused_whole(string body) => Assert.ThrowsAny<JsonException>(() => Parse(body, isLines: false));

    [Theory]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("null")]
    public void What_is_no_array_is_told_as_that(string body) =>
        Assert.Equal("wrong_type", BatchParser.Parse(Encoding.UTF8.GetBytes(body), false, "psp", [])!.Errors[0].Code);

    [Fact]
    public void A_batch_has_1_to_1000_rows()
    {
        Assert.NotNull(BatchParser.Parse("[]"u8, false, "psp", []));
        Assert.NotNull(BatchParser.Parse(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("1", 1001))}]"), false, "psp", []));
        Assert.Null(BatchParser.Parse(Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat("1", 1000))}]"), false, "psp", []));
    }

    private static List<BatchRow> Parse(string body, bool isLines)
    {
        var rows = new List<BatchRow>();
        Problem? problem = BatchParser.Parse(Encoding.UTF8.GetBytes(body), isLines, "psp", rows);
        Assert.Null(problem);
        return rows;
    }
}
