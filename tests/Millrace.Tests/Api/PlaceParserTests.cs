using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Millrace.Domain.Orders;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class PlaceParserTests
{
    [Fact]
    public void A_full_order_is_read_whole()
    {
        var draft = Requests.Draft(Requests.Full);
        Assert.Equal("PO-1", draft.ExternalId);
        Assert.Equal(new Buyer("c1", "Ada", "ada@example.com"), draft.Buyer);
        Assert.Equal("EUR", draft.Currency!.Code);
        Assert.Equal(new Address("Ada", "1 Mill Race", null, "Leeds", null, "LS1", "GB"), draft.ShipTo);
        Assert.Equal(new PaymentMethod("psp", "tok_visa"), draft.Payment);
        Assert.Equal(new PlacementOptions(AllowBackorder: true, AllowSplit: false, 60_000), draft.Options);
        Assert.Equal(499, draft.ShippingMinor);
        Assert.Equal(1039, draft.ExpectedTotalMinor);
        Assert.Equal([new("channel", "web"), new("note", "ring\ntwice")], draft.Metadata);
        Assert.Equal(2, draft.Lines.Count);
        Assert.Equal(("A", 2, 250L), (draft.Lines[0].Sku, draft.Lines[0].Quantity, draft.Lines[0].UnitPriceMinor!.Value));
        Assert.Equal([new LineAmount("spring", 50)], draft.Lines[0].Discounts);
        Assert.Equal([new LineAmount("VAT", 90)], draft.Lines[0].TaxLines);
        Assert.Equal(("B/2", (long?)null), (draft.Lines[1].Sku, draft.Lines[1].UnitPriceMinor));
    }

    [Fact]
    public void Nulls_count_as_absent_and_the_provider_has_a_default()
    {
        var draft = Requests.Draft("""{"external_id":null,"customer":{"id":"c"},"currency":"JPY","lines":[{"sku":"A","quantity":1,"unit_price":null}],"payment":{"token":"t"}}""");
        Assert.Null(draft.ExternalId);
        Assert.Null(draft.Lines[0].UnitPriceMinor);
        Assert.Equal("psp", draft.Payment!.Psp);
        Assert.Equal(PlacementOptions.Default, draft.Options);
    }

    [Fact]
    public void A_sku_that_comes_again_is_the_same_string()
    {
        const string body = """{"customer":{"id":"c"},"currency":"EUR","lines":[{"sku":"WHITE-MUG","quantity":1}],"payment":{"token":"t"}}""";
        Assert.Same(Requests.Draft(body).Lines[0].Sku, Requests.Draft(body).Lines[0].Sku);
    }

    public static TheoryData<string, string, string> Faults => new()
    {
        // What to set where, the fault's pointer, its code.
        { "external_id=\"\"", "/external_id", "too_short" },
        { "external_id=\"" + new string('x', 65) + "\"", "/external_id", "too_long" },
        { "external_id=\"a\\u0000b\"", "/external_id", "invalid_format" },
        { "external_id=\"\\ud800\"", "/external_id", "invalid_format" },
        { "external_id=7", "/external_id", "wrong_type" },
        { "customer=null", "/customer", "missing_field" },
        { "lines/1/sku=null", "/lines/1/sku", "missing_field" },
        { "customer=\"c1\"", "/customer", "wrong_type" },
        { "customer/id=[]", "/customer/id", "wrong_type" },
        { "customer/phone=\"1\"", "/customer/phone", "unknown_field" },
        { "customer/name=\"4111 1111 1111 1111\"", "/customer/name", "card_number_refused" },
        { "currency=\"eur\"", "/currency", "invalid_format" },
        { "currency=\"EURO\"", "/currency", "too_long" },
        { "lines=[]", "/lines", "too_short" },
        { "lines={}", "/lines", "wrong_type" },
        { "lines/0=7", "/lines/0", "wrong_type" },
        { "lines/0/sku=\"\\u00e9\"", "/lines/0/sku", "invalid_format" },
        { "lines/1/quantity=0", "/lines/1/quantity", "out_of_range" },
        { "lines/1/quantity=1000001", "/lines/1/quantity", "out_of_range" },
        { "lines/1/quantity=1.5", "/lines/1/quantity", "wrong_type" },
        { "lines/1/quantity=\"1\"", "/lines/1/quantity", "wrong_type" },
        { "lines/1/unit_price=-1", "/lines/1/unit_price", "out_of_range" },
        { "lines/1/unit_price=99999999999999999999", "/lines/1/unit_price", "wrong_type" },
        { "lines/1/price=1", "/lines/1/price", "unknown_field" },
        { "lines/0/discounts=[{\"name\":\"x\"}]", "/lines/0/discounts/0/amount", "missing_field" },
        { "lines/0/tax_lines=[{\"name\":\"x\",\"amount\":-5}]", "/lines/0/tax_lines/0/amount", "out_of_range" },
        { "shipping={}", "/shipping/amount", "missing_field" },
        { "addresses/billing={}", "/addresses/billing", "unknown_field" },
        { "addresses/shipping/country=\"England\"", "/addresses/shipping/country", "too_long" },
        { "addresses/shipping/country=\"gb\"", "/addresses/shipping/country", "invalid_format" },
        { "payment={}", "/payment/token", "missing_field" },
        { "payment/token=\"4242424242424242\"", "/payment/token", "card_number_refused" },
        { "options/allow_split=\"yes\"", "/options/allow_split", "wrong_type" },
        { "options/reservation_ttl_s=0", "/options/reservation_ttl_s", "out_of_range" },
        { "expected_total=\"12\"", "/expected_total", "wrong_type" },
        { "metadata/n=5", "/metadata/n", "wrong_type" },
        { "metadata/a~1b=\"5555-5555-5555-4444\"", "/metadata/a~1b", "card_number_refused" },
        { "metadata/n=\"" + new string('x', 501) + "\"", "/metadata/n", "too_long" },
        { "metadata/" + new string('n', 41) + "=\"1\"", "/metadata/" + new string('n', 41), "too_long" },
        { "payment/psp=\"another\"", "/payment/psp", "unknown_psp" },
        { "comment=\"hi\"", "/comment", "unknown_field" },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_wrong_field_is_named_by_its_pointer(string change, string pointer, string code)
    {
        var (_, problem) = Requests.Parse(Encoding.UTF8.GetBytes(With(change)));
        var error = Assert.Single(problem!.Errors);
        Assert.Equal((pointer, code), (error.Pointer, error.Code));
        Assert.Equal(422, problem.Kind.Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nonsense")]
    [InlineData("{}{}")]
    [InlineData("{\"lines\":[[[[[[[[[[1]]]]]]]]]]}")]
    [InlineData("{\"lines\":[1,]}")]
    [InlineData("{'lines':1}")]
    [InlineData("\uFEFF{}")]
    public void What_is_not_json_is_malformed(string body) =>
        Assert.Equal("malformed_json", Requests.Parse(Encoding.UTF8.GetBytes(body)).Problem!.Kind.Code);

    [Fact]
    public void A_repeated_field_is_refused()
    {
        var (_, problem) = Requests.Parse(Encoding.UTF8.GetBytes(Requests.Full.Replace("\"currency\":\"EUR\"", "\"currency\":\"EUR\",\"curr\\u0065ncy\":\"USD\"", StringComparison.Ordinal)));
        Assert.Equal(("/currency", "duplicate_field"), (problem!.Errors[0].Pointer, problem.Errors[0].Code));
    }

    [Fact]
    public void All_faults_are_told_at_once()
    {
        var (_, problem) = Requests.Parse("{\"lines\":[{\"quantity\":0}],\"x\":1}"u8.ToArray());
        Assert.Equal("invalid_request", problem!.Kind.Code);
        Assert.Equal(
            ["/lines/0/quantity", "/lines/0/sku", "/x", "/payment", "/customer", "/currency"], problem.Errors.Select(e => e.Pointer));
    }

    [Theory]
    [InlineData(2_000, null)]
    [InlineData(2_001, "too_many")]
    public void An_order_has_at_most_2000_lines(int count, string? code)
    {
        var lines = string.Join(',', Enumerable.Repeat("{\"sku\":\"A\",\"quantity\":1}", count));
        var (draft, problem) = Requests.Parse(Encoding.UTF8.GetBytes(With($"lines=[{lines}]")));
        Assert.Equal(code, problem?.Errors[0].Code);
        Assert.Equal(code is null, draft is not null);
    }

    [Fact]
    public void Metadata_has_at_most_50_entries()
    {
        var entries = string.Join(',', Enumerable.Range(0, 51).Select(i => $"\"k{i}\":\"v\""));
        var (_, problem) = Requests.Parse(Encoding.UTF8.GetBytes(With($"metadata={{{entries}}}")));
        Assert.Equal(("/metadata/k50", "too_many"), (problem!.Errors[0].Pointer, problem.Errors[0].Code));
    }

    [Fact]
    public void Hostile_bytes_give_an_order_or_a_problem_and_nothing_else()
    {
        var original = Encoding.UTF8.GetBytes(Requests.Full);
        var edit = Gen.Select(Gen.Int[0, original.Length - 1], Gen.Int[0, 5], Gen.Byte);
        edit.Array[1, 12].Sample(edits =>
        {
            var (draft, problem) = Requests.Parse(Mutate(original, edits));
            return (draft is null) != (problem is null) && problem?.Kind.Status is null or 400 or 422;
        }, iter: 50_000);
    }

    [Fact]
    public void Random_texts_in_every_place_give_an_order_or_a_problem()
    {
        string[] places = ["external_id", "customer/name", "lines/0/sku", "metadata/x", "payment/token", "currency"];
        var gen = Gen.Select(Gen.Int[0, places.Length - 1].Select(i => places[i]), Gen.String);
        gen.Sample(g =>
        {
            var body = With($"{g.Item1}={JsonValue.Create(g.Item2)!.ToJsonString()}");
            var (draft, problem) = Requests.Parse(Encoding.UTF8.GetBytes(body));
            return (draft is null) != (problem is null);
        }, iter: 20_000);
    }

    // Flips, inserts, deletes, and copies of a piece to another place: nesting, truncation, repeated fields.
    private static byte[] Mutate(byte[] original, (int At, int Kind, byte Value)[] edits)
    {
        var bytes = new List<byte>(original);
        foreach (var (at, kind, value) in edits)
        {
            if (at >= bytes.Count)
                continue;
            switch (kind)
            {
                case 0: bytes[at] = value; break;
                case 1: bytes.Insert(at, value); break;
                case 2: bytes.RemoveAt(at); break;
                case 3: bytes.Insert(at, (byte)"{}[]\",:\\-0"[value % 10]); break;
                case 4: bytes.InsertRange(at, bytes.GetRange(at, Math.Min(value, bytes.Count - at))); break;
                default: bytes.RemoveRange(at, Math.Min(value, bytes.Count - at)); break;
            }
        }

        return [.. bytes];
    }

    /// <summary>The full order with one value set: <c>path/to/field=json</c>.</summary>
    private static string With(string change)
    {
        var split = change.IndexOf('=', StringComparison.Ordinal);
        var path = change[..split].Split('/');
        // The JSON DOM refuses what the parser must refuse, such as lone surrogates: the value goes in as text.
        var root = JsonNode.Parse(Requests.Full)!;
        var node = root;
        foreach (var part in path[..^1])
            node = node is JsonArray array ? array[int.Parse(part)]! : node[part]!;
        var name = path[^1].Replace("~1", "/", StringComparison.Ordinal);
        if (node is JsonArray parent)
            parent[int.Parse(name)] = "@@";
        else
            node[name] = "@@";
        return root.ToJsonString().Replace("\"@@\"", change[(split + 1)..], StringComparison.Ordinal);
    }
}
