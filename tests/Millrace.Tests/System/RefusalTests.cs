using System.Text.Json.Nodes;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Every bad request gets its problem document and changes nothing.</summary>
[Collection(Processes.Name)]
public sealed class RefusalTests(Shop shop)
{
    private readonly string _key = Guid.NewGuid().ToString();

    public static TheoryData<string, string, string> WrongFields => new()
    {
        { """{"currency":"eur"}""", "/currency", "invalid_format" },
        { """{"currency":7}""", "/currency", "wrong_type" },
        { """{"lines":[]}""", "/lines", "too_short" },
        { """{"lines":[{"sku":"a","quantity":0}]}""", "/lines/0/quantity", "out_of_range" },
        { """{"lines":[{"sku":"a","quantity":1.5}]}""", "/lines/0/quantity", "wrong_type" },
        { """{"lines":[{"quantity":1}]}""", "/lines/0/sku", "missing_field" },
        { """{"lines":[{"sku":"no-such-sku","quantity":1}]}""", "/lines/0/sku", "unknown_sku" },
        { """{"payment":{}}""", "/payment/token", "missing_field" },
        { """{"payment":{"token":"4111 1111 1111 1111"}}""", "/payment/token", "card_number_refused" },
        { """{"customer":{"id":"c","colour":"red"}}""", "/customer/colour", "unknown_field" },
        { """{"surprise":1}""", "/surprise", "unknown_field" },
        { """{"expected_total":1}""", "/expected_total", "total_mismatch" },
        { """{"options":{"reservation_ttl_s":0}}""", "/options/reservation_ttl_s", "out_of_range" },
        { """{"metadata":{"a":1}}""", "/metadata/a", "wrong_type" },
        { """{"addresses":{"shipping":{"country":"Germany"}}}""", "/addresses/shipping/country", "too_long" },
    };

    [Theory]
    [MemberData(nameof(WrongFields))]
    public async Task A_wrong_field_is_named_by_its_pointer(string wrong, string pointer, string code)
    {
        var sku = await shop.NewItemAsync(10);
        var body = Bodies.Order(sku);
        foreach (var (name, value) in JsonNode.Parse(wrong)!.AsObject())
            body[name] = value!.DeepClone();
        var answer = await shop.Api.PlaceAsync(body.ToJsonString(), _key);
        var error = Assert.Single(answer.Problem(answer.Status, answer.Text("code")).Errors!);
        Assert.Equal((pointer, code), (error.Pointer, error.Code));
        Assert.InRange(answer.Status, 400, 422);
        Assert.Equal((10, 0), await shop.StockAsync(sku));
        // The refusal was not stored: the same key takes the repaired request.
        Assert.Equal(201, (await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), _key, "Prefer: wait=30")).Status);
    }

    [Fact]
    public async Task A_change_without_an_idempotency_key_is_refused()
    {
        var sku = await shop.NewItemAsync(10);
        (await shop.Api.SendAsync("POST", "/v1/orders", Bodies.Order(sku).ToJsonString())).Problem(400, "idempotency_key_missing");
        (await shop.Api.SendAsync("POST", "/v1/stock/adjustments", Bodies.Adjustment(sku, 1))).Problem(400, "idempotency_key_missing");
        (await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), "a \"quoted\" key")).Problem(400, "idempotency_key_invalid");
        (await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), new string('k', 256))).Problem(400, "idempotency_key_invalid");
        Assert.Equal((10, 0), await shop.StockAsync(sku));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/jsonp")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Only_json_is_taken(string mediaType)
    {
        var sku = await shop.NewItemAsync(10);
        var body = Bodies.Order(sku).ToJsonString();
        (await shop.Api.PlaceAsync(body, _key, "Content-Type: " + mediaType)).Problem(415, "unsupported_media_type");
        Assert.Equal(202, (await shop.Api.PlaceAsync(body, _key, "Content-Type: application/json; charset=utf-8")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("nul")]
    [InlineData("{}{}")]
    [InlineData("""{"a":1,}""")]
    public async Task What_is_not_json_is_refused(string body) =>
        (await shop.Api.PlaceAsync(body, _key)).Problem(400, "malformed_json");

    [Fact]
    public async Task Too_much_is_refused_before_it_is_read()
    {
        (await shop.Api.PlaceAsync(new string(' ', (1 << 20) + 1), _key)).Problem(413, "body_too_large");
        (await shop.Api.PostAsync("/v1/stock/adjustments", new string(' ', (64 << 10) + 1), _key)).Problem(413, "body_too_large");
        (await shop.Api.PlaceAsync(string.Concat(Enumerable.Repeat("[", 500)), _key)).Problem(400, "malformed_json");
        (await shop.Api.GetAsync("/v1/orders?limit=201")).Problem(400, "invalid_parameter");
        Assert.Equal(431, (await shop.Api.GetAsync("/v1/orders", "X-Long: " + new string('x', 20_000))).Status);
    }

    [Fact]
    public async Task An_order_of_two_thousand_lines_is_ordinary_and_one_more_is_refused()
    {
        var sku = await shop.NewItemAsync(10_000);
        JsonObject Of(int lines)
        {
            var order = Bodies.Order(sku);
            var line = order["lines"]![0]!.ToJsonString();
            return order.With("lines", JsonNode.Parse($"[{string.Join(',', Enumerable.Repeat(line, lines))}]"));
        }

        Assert.Equal(201, (await shop.Api.PlaceAsync(Of(2_000).ToJsonString(), _key, "Prefer: wait=30")).Status);
        var refused = (await shop.Api.PlaceAsync(Of(2_001).ToJsonString(), _key + "-2")).Problem(422, "invalid_request");
        Assert.Equal("/lines", refused.Errors![0].Pointer);
        Assert.Equal((8_000, 2_000), await shop.StockAsync(sku));
    }
}
