using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Api.Documentation;
using Xunit;

namespace Millrace.Tests.Api.Tracking;

/// <summary>What the public sees of an order.</summary>
public sealed class TrackingTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly JsonSerializerOptions Strict =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true };

    private readonly string _sku = "T" + Guid.NewGuid().ToString("N")[..10];

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/html")]
    public async Task Nothing_that_anybody_wrote_into_an_order_is_shown(string accept)
    {
        var (url, id) = await PlaceAsync();
        var shipped = await server.PostAsync($"/v1/orders/{id}/ship", """{"carrier":"SecretCarrier","tracking":"SecretParcel"}""", "ship-" + _sku);
        Assert.Equal(200, shipped.Status);
        var held = await server.PostAsync($"/v1/orders/{id}/cancel", """{"reason":"SecretReason"}""", "cancel-" + _sku);
        Assert.Equal(409, held.Status);
        var answer = await server.SendAsync("GET", url, key: "", headers: $"Accept: {accept}");
        Assert.Equal((200, accept), (answer.Status, answer.MediaType));
        var everything = answer.Body + string.Join('\n', answer.Headers.Values);
        // Each is there, or it would not be missed.
        var order = (await server.SendAsync("GET", "/v1/orders/" + id)).Body;
        foreach (var secret in Secrets)
        {
            Assert.Contains(secret, order, StringComparison.Ordinal);
            Assert.DoesNotContain(secret, everything, StringComparison.OrdinalIgnoreCase);
        }

        Assert.DoesNotContain(_sku, everything, StringComparison.Ordinal);
        Assert.DoesNotContain("acme", everything, StringComparison.Ordinal);
        Assert.Contains("shipped", answer.Body, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task An_order_is_followed_from_received_to_delivered()
    {
        var (url, id) = await PlaceAsync();
        await server.PostAsync($"/v1/orders/{id}/ship", """{"carrier":"dhl","tracking":"1"}""", "ship-" + _sku);
        Assert.Equal(200, (await server.PostAsync($"/v1/orders/{id}/deliver", "{}", "deliver-" + _sku)).Status);
        var answer = await TrackAsync(url);
        var tracked = JsonSerializer.Deserialize<TrackedOrderShape>(answer.Body, Strict)!;
        Assert.Equal("delivered", tracked.Status);
        Assert.Equal(["received", "confirmed", "shipped", "delivered"], tracked.Steps.Select(step => step.Step));
        Assert.Equal(tracked.UpdatedAt, tracked.Steps[^1].At);
        var order = await server.SendAsync("GET", "/v1/orders/" + id);
        Assert.Equal(((string)order["placed_at"]!, (string)order["fulfillment"]["delivered_at"]!), ((string)answer["steps"][0]!["at"]!, (string)answer["updated_at"]!));
    }

    [Fact]
    public async Task Why_an_order_was_not_accepted_is_not_the_publics_business()
    {
        Assert.Equal(201, (await server.SendAsync("PUT", $"/v1/items/{_sku}", """{"name":"Mug","price":250,"currency":"EUR"}""")).Status);
        var rejected = await server.PostAsync("/v1/orders", Body(), "place-" + _sku, "Prefer: wait=10");
        Assert.Equal("rejected", (string)rejected["status"]!);
        var order = await server.SendAsync("GET", "/v1/orders/" + (string)rejected["id"]!);
        var tracked = await TrackAsync((string)order["tracking_url"]!);
        Assert.Equal("canceled", (string)tracked["status"]!);
        Assert.DoesNotContain((string)order["closing"]["code"]!, tracked.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_not_a_token_of_this_store_is_an_unknown_order()
    {
        var (url, _) = await PlaceAsync();
        var token = url["/v1/track/".Length..];
        var unknown = (await server.SendAsync("GET", "/v1/track/x", key: "")).Problem(404, "order_not_found");
        for (var i = 0; i < token.Length; i++)
        {
            // The last character has two bits that mean nothing: they must be those that were given out.
            var other = token[i] is >= 'A' and < 'Z' or >= 'a' and < 'z' or >= '0' and < '9' ? (char)(token[i] + 1) : 'A';
            var answer = await server.SendAsync("GET", "/v1/track/" + token[..i] + other + token[(i + 1)..], key: "");
            Assert.Equal((unknown.Detail, "no-store"), (answer.Problem(404, "order_not_found").Detail, answer.Header("Cache-Control")));
        }

        foreach (var text in new[] { token + "=", token + "A", token[..^1], "%20" + token, new string('A', 43), new string('é', 43) })
            (await server.SendAsync("GET", "/v1/track/" + text, key: "")).Problem(404, "order_not_found");
        Assert.Equal(200, (await TrackAsync(url)).Status);
    }

    [Fact]
    public async Task A_page_is_for_those_who_would_rather_read_and_runs_nothing()
    {
        var (url, _) = await PlaceAsync();
        const string Browser = "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        var page = await server.SendAsync("GET", url, key: "", headers: Browser);
        Assert.Equal((200, "text/html", "Accept"), (page.Status, page.MediaType, page.Header("Vary")));
        Assert.Contains("default-src 'none'", page.Header("Content-Security-Policy")!, StringComparison.Ordinal);
        Assert.Equal(("no-referrer", "noindex, nofollow"), (page.Header("Referrer-Policy"), page.Header("X-Robots-Tag")));
        Assert.DoesNotContain("<script", page.Body, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("<h1>Your order is confirmed</h1>", page.Body, StringComparison.Ordinal);
        foreach (var accept in new[] { "*/*", "application/json", "text/html;q=0.1, application/json", "text/plain", "text/html;q=0", "no media type" })
            Assert.Equal("application/json", (await server.SendAsync("GET", url, key: "", headers: "Accept: " + accept)).MediaType);
    }

    [Fact]
    public async Task Each_form_has_its_own_validator_and_is_sent_once()
    {
        var (url, id) = await PlaceAsync();
        var json = await TrackAsync(url);
        var page = await server.SendAsync("GET", url, key: "", headers: "Accept: text/html");
        Assert.NotEqual(json.Header("ETag"), page.Header("ETag"));
        var again = await server.SendAsync("GET", url, key: "", headers: $"If-None-Match: {json.Header("ETag")}");
        Assert.Equal((304, "", json.Header("ETag"), json.Header("Cache-Control")), (again.Status, again.Body, again.Header("ETag"), again.Header("Cache-Control")));
        Assert.Equal(200, (await server.SendAsync("GET", url, key: "", headers: [$"If-None-Match: {json.Header("ETag")}", "Accept: text/html"])).Status);
        Assert.Equal("public, max-age=5, s-maxage=5, stale-while-revalidate=30, stale-if-error=86400", json.Header("Cache-Control"));
        Assert.Equal($"\"tracking\", \"{id}\"", json.Header("Cache-Groups"));
        // Nobody asked for it.
        Assert.Null(json.Header("Surrogate-Key"));
    }

    [Fact]
    public async Task The_link_is_in_every_answer_that_shows_the_order()
    {
        var (url, id) = await PlaceAsync();
        Assert.StartsWith("/v1/track/", url, StringComparison.Ordinal);
        Assert.Equal(url, (string)(await server.PostAsync("/v1/orders", Body(), "place-" + _sku))["tracking_url"]!);
        await EndToEnd.Eventually.Async(async () => (await server.SendAsync("GET", "/v1/orders?customer=SecretId&limit=200")).Body.Contains(url, StringComparison.Ordinal), "also in a list");
        var order = await server.SendAsync("GET", "/v1/orders/" + id);
        Assert.Equal("private, no-cache", order.Header("Cache-Control"));
        Assert.Equal(304, (await server.SendAsync("GET", "/v1/orders/" + id, headers: $"If-None-Match: {order.Header("ETag")}")).Status);
    }

    [Fact]
    public async Task A_change_is_seen_at_once_where_it_was_made()
    {
        var (url, id) = await PlaceAsync();
        Assert.Equal("confirmed", (string)(await TrackAsync(url))["status"]!);
        Assert.Equal(200, (await server.PostAsync($"/v1/orders/{id}/ship", """{"carrier":"dhl","tracking":"1"}""", "ship-" + _sku)).Status);
        await EndToEnd.Eventually.Async(async () => (string)(await TrackAsync(url))["status"]! == "shipped", "the public sees it", TimeSpan.FromSeconds(2));
    }

    private static readonly string[] Secrets =
    [
        "SecretId", "SecretName", "secret@example.com", "SecretExternal", "SecretRecipient", "SecretStreet", "SecretSuite", "SecretCity", "SecretRegion", "S3CR3T", "SecretKey", "SecretValue", "7331", "SecretCarrier", "SecretParcel",
    ];

    private string Body() => $$$"""
        {"external_id":"SecretExternal-{{{_sku}}}","customer":{"id":"SecretId","name":"SecretName","email":"secret@example.com"},"currency":"EUR","lines":[{"sku":"{{{_sku}}}","quantity":1}],
         "shipping":{"amount":7331},"addresses":{"shipping":{"name":"SecretRecipient","line1":"SecretStreet","line2":"SecretSuite","city":"SecretCity","region":"SecretRegion","postal_code":"S3CR3T","country":"GB"}},
         "payment":{"token":"tok_visa"},"metadata":{"SecretKey":"SecretValue"}}
        """;

    private Task<ApiAnswer> TrackAsync(string url) => server.SendAsync("GET", url, key: "");

    private async Task<(string Url, string Id)> PlaceAsync()
    {
        await server.StockAsync(_sku, 10);
        var placed = await server.PostAsync("/v1/orders", Body(), "place-" + _sku, "Prefer: wait=10");
        Assert.Equal(201, placed.Status);
        return ((string)placed["tracking_url"]!, (string)placed["id"]!);
    }
}
