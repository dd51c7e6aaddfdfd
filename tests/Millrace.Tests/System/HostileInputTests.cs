using System.Text;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Good requests, broken at random: never a 5xx, never an answer that is not one of ours. The seed is in the message of a failure.</summary>
[Collection(Processes.Name)]
public sealed class HostileInputTests(Shop shop, ITestOutputHelper output)
{
    private const int Requests = 400;

    private static readonly string[] Poisons =
    [
        "\0", "\\u0000", "\\uD800", "\uFFFF", "1e999", "-0", "99999999999999999999999", "0x10", "NaN", "null", "true", "[[[[[[[[", "{\"a\":{\"a\":{",
        "\"__proto__\"", "'; DROP TABLE journal; --", "../../etc/passwd", "%00", "\u202E", "\uFEFF", "😀", "\"\"", ",", "}", "\r\nX-Evil: 1",
    ];

    [Fact]
    public async Task Random_damage_to_good_requests_is_never_our_failure()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("MILLRACE_TEST_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"MILLRACE_TEST_SEED={seed}");
        var random = new Random(seed);
        var sku = await shop.NewItemAsync(1_000_000);
        var order = await shop.ConfirmedAsync(sku);
        var untouched = await shop.ConfirmedAsync(await shop.NewItemAsync(10));
        var good = Good(sku, order.Id());
        for (var i = 0; i < Requests; i++)
        {
            var (method, path, body) = good[random.Next(good.Length)];
            var damaged = body is null ? null : Damage(Encoding.UTF8.GetBytes(body), random);
            // Not with a NUL, which the server's own parser refuses before anything of ours sees it.
            var address = random.Next(4) == 0 ? path + Uri.EscapeDataString(Poisons[random.Next(1, Poisons.Length)].Replace("%00", "")) : path;
            var key = random.Next(10) == 0 ? Poisons[random.Next(Poisons.Length)] : $"hostile-{seed}-{i}";
            var answer = await shop.Api.SendAsync(method, address, damaged, "Idempotency-Key: " + Printable(key));
            var what = $"seed {seed}, request {i}: {method} {address} {(damaged is null ? "" : Convert.ToBase64String(damaged))} -> {answer}";
            Assert.True(answer.Status < 500, what);
            Assert.True(answer.Status < 400 || answer.MediaType == "application/problem+json", what);
            Assert.False(answer.Status >= 400 && answer.Body.Contains("Exception", StringComparison.Ordinal), what);
        }

        Assert.Equal(200, (await shop.Anonymous.GetAsync("/readyz")).Status);
        Assert.Equal(untouched.Body, (await shop.Api.GetAsync("/v1/orders/" + untouched.Id())).Body);
    }

    private static (string Method, string Path, string? Body)[] Good(string sku, string order)
    {
        var place = Bodies.Order(sku).With("external_id", "ext").With("shipping", new System.Text.Json.Nodes.JsonObject { ["amount"] = 5 })
            .With("metadata", new System.Text.Json.Nodes.JsonObject { ["channel"] = "web" }).ToJsonString();
        return
        [
            ("POST", "/v1/orders", place),
            ("POST", "/v1/orders", place),
            ("POST", "/v1/orders:batch", $$"""[{"idempotency_key":"a","order":{{place}}}]"""),
            ("POST", $"/v1/orders/{order}/holds", """{"kind":"fraud","reason":"x","expires_at":"2030-01-01T00:00:00Z"}"""),
            ("POST", $"/v1/orders/{order}/refunds", """{"amount":10,"reason":"late"}"""),
            ("POST", $"/v1/orders/{order}/ship", """{"carrier":"DHL","tracking":"T1"}"""),
            ("PUT", "/v1/items/" + sku, """{"name":"Mug","price":250,"currency":"EUR","backorder_limit":1}"""),
            ("POST", "/v1/stock/adjustments", Bodies.Adjustment(sku, 1)),
            ("POST", "/v1/psp/psp/webhooks", """{"id":"e","type":"capture.succeeded"}"""),
            ("GET", "/v1/orders?status=pending&limit=5&cursor=abc", null),
            ("GET", $"/v1/orders/{order}?as_of=2030-01-01T00:00:00Z", null),
            ("GET", $"/v1/items/{sku}/availability", null),
        ];
    }

    private static byte[] Damage(byte[] bytes, Random random)
    {
        var body = bytes.ToList();
        for (var wounds = random.Next(1, 4); wounds > 0 && body.Count > 0; wounds--)
        {
            var at = random.Next(body.Count);
            switch (random.Next(5))
            {
                case 0: body[at] = (byte)random.Next(256); break;
                case 1: body.RemoveRange(at, Math.Min(random.Next(1, 20), body.Count - at)); break;
                case 2: body.InsertRange(at, Encoding.UTF8.GetBytes(Poisons[random.Next(Poisons.Length)])); break;
                case 3: body.InsertRange(at, body.GetRange(at, Math.Min(random.Next(1, 40), body.Count - at))); break;
                default: body.InsertRange(at, Enumerable.Repeat((byte)random.Next(256), random.Next(1, 3_000))); break;
            }
        }

        return [.. body];
    }

    // A client library sends nothing else in a header; raw bytes are OperationsTests' subject.
    private static string Printable(string key) => string.Concat(key.Where(c => c is >= ' ' and <= '~'));
}
