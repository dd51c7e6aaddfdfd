using Millrace.Api.Keys;
using Millrace.Tests.Api;
using Millrace.Tests.EndToEnd;
using Millrace.Webhooks.Endpoints;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>Looking after endpoints, over the API. This server sends to public addresses only; what it sends, other tests see.</summary>
public sealed class WebhookEndpointTests(ApiServer server) : IClassFixture<ApiServer>
{
    private const string Good = """{"url":"https://shop.invalid/hooks?a=b","events":["order.closed.v1","order.confirmed.v1"],"description":"shop"}""";
    private readonly string _key = server.NewKey("t" + Guid.NewGuid().ToString("N")[..12], Scopes.Admin);

    [Fact]
    public async Task The_secret_is_shown_once_and_is_nowhere_else()
    {
        var made = await CreateAsync(Good, "a");
        Assert.Equal(201, made.Status);
        var secret = made.Text("secret");
        Assert.InRange(Convert.FromBase64String(secret["whsec_".Length..]).Length, 24, 64);
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        var again = await CreateAsync(Good, "a");
        Assert.Equal((200, "true", made.Id()), (again.Status, again.Header("Idempotent-Replayed"), again.Id()));
        var rotated = await PostAsync($"/v1/webhooks/{made.Id()}/rotate", """{"overlap_s":60}""", "r");
        Assert.Equal(201, rotated.Status);
        Assert.NotEqual(secret, rotated.Text("secret"));
        Assert.NotNull(rotated["former_secret_ends_at"]);
        Assert.Equal(200, (await PostAsync($"/v1/webhooks/{made.Id()}/rotate", """{"overlap_s":60}""", "r")).Status);
        foreach (var path in new[] { "/v1/webhooks", "/v1/webhooks/" + made.Id(), "/v1/audit", $"/v1/webhooks/{made.Id()}/deliveries" })
            Assert.DoesNotContain("whsec_", (await SendAsync("GET", path)).Body, StringComparison.Ordinal);
        Assert.Single((await SendAsync("GET", "/v1/webhooks"))["data"].AsArray());
    }

    [Fact]
    public async Task What_is_done_to_an_endpoint_is_in_the_audit_log()
    {
        var id = (await CreateAsync(Good, "a")).Id();
        await SendAsync("PUT", "/v1/webhooks/" + id, """{"url":"https://other.invalid/","disabled":true}""");
        // Says what is already so.
        await SendAsync("PUT", "/v1/webhooks/" + id, """{"url":"https://other.invalid/","disabled":true}""");
        await PostAsync($"/v1/webhooks/{id}/rotate", "{}", "r");
        await PostAsync($"/v1/webhooks/{id}/replay", """{"failed":true}""", "p");
        Assert.Equal(204, (await SendAsync("DELETE", "/v1/webhooks/" + id)).Status);
        Assert.Equal(204, (await SendAsync("DELETE", "/v1/webhooks/" + id)).Status);
        (await SendAsync("GET", "/v1/webhooks/" + id)).Problem(404, "webhook_not_found");
        var entries = (await SendAsync("GET", "/v1/audit"))["data"].AsArray().Where(entry => (string)entry!["subject"]! == id).Select(entry => (string)entry!["action"]!);
        Assert.Equal(["webhook.created", "webhook.changed", "webhook.rotated", "webhook.replay_asked", "webhook.deleted"], entries);
    }

    [Fact]
    public async Task It_is_set_whole_and_shown_as_it_was_set()
    {
        var id = (await CreateAsync(Good, "a")).Id();
        var shown = await SendAsync("GET", "/v1/webhooks/" + id);
        Assert.Equal(
            ("https://shop.invalid/hooks?a=b", "shop", "well", false, 0), (shown.Text("url"), shown.Text("description"), shown.Text("state"), (bool)shown["disabled"], (int)shown["lag_s"]));
        // In the order that they have everywhere.
        Assert.Equal("""["order.confirmed.v1","order.closed.v1"]""", shown["events"].ToJsonString());
        var put = await SendAsync("PUT", "/v1/webhooks/" + id, """{"url":"https://shop.invalid/","disabled":true}""");
        Assert.Equal((200, "disabled"), (put.Status, put.Text("state")));
        Assert.Equal((null, null), (put["events"], put["description"]));
    }

    [Theory]
    [InlineData("""{}""", "/url", "missing_field")]
    [InlineData("""{"url":"http://shop.invalid/"}""", "/url", "invalid_url")]
    [InlineData("""{"url":"https://127.0.0.1/"}""", "/url", "invalid_url")]
    [InlineData("""{"url":"https://[::ffff:10.0.0.1]/"}""", "/url", "invalid_url")]
    [InlineData("""{"url":"https://a:b@shop.invalid/"}""", "/url", "invalid_url")]
    [InlineData("""{"url":"shop.invalid"}""", "/url", "invalid_url")]
    [InlineData("""{"url":"https://shop.invalid/","events":[]}""", "/events", "too_short")]
    [InlineData("""{"url":"https://shop.invalid/","events":["order.confirmed"]}""", "/events/0", "unknown_event_type")]
    [InlineData("""{"url":"https://shop.invalid/","secret":"mine"}""", "/secret", "unknown_field")]
    public async Task What_is_no_endpoint_is_refused_with_its_field(string body, string pointer, string code)
    {
        var errors = (await CreateAsync(body, "a")).Problem(422, "invalid_request").Errors!;
        Assert.Contains(errors, error => (error.Pointer, error.Code) == (pointer, code));
        Assert.Empty((await SendAsync("GET", "/v1/webhooks"))["data"].AsArray());
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"failed":false}""")]
    [InlineData("""{"failed":true,"event_id":"1:2:3"}""")]
    [InlineData("""{"until":"2026-01-31T12:00:00Z"}""")]
    [InlineData("""{"event_id":"1:2:3","until":"2026-01-31T12:00:00Z"}""")]
    [InlineData("""{"from":"yesterday"}""")]
    [InlineData("""{"from":"2025-01-31T12:00:00Z","until":"2025-01-31T12:00:00Z"}""")]
    [InlineData("""{"from":"9999-12-31T23:59:59Z"}""")]
    [InlineData("""{"event_id":"../../x"}""")]
    [InlineData("""{"event_id":"1:2"}""")]
    public async Task What_is_no_replay_is_refused(string body)
    {
        var id = (await CreateAsync(Good, "a")).Id();
        (await PostAsync($"/v1/webhooks/{id}/replay", body, "p")).Problem(422, "invalid_request");
    }

    [Fact]
    public async Task A_key_that_was_used_for_something_else_is_refused()
    {
        var id = (await CreateAsync(Good, "a")).Id();
        (await CreateAsync("""{"url":"https://other.invalid/"}""", "a")).Problem(422, "idempotency_key_reused");
        Assert.Equal(202, (await PostAsync($"/v1/webhooks/{id}/replay", """{"failed":true}""", "p")).Status);
        var again = await PostAsync($"/v1/webhooks/{id}/replay", """{"failed":true}""", "p");
        Assert.Equal((202, "true"), (again.Status, again.Header("Idempotent-Replayed")));
        (await PostAsync($"/v1/webhooks/{id}/replay", """{"event_id":"1:2:3"}""", "p")).Problem(422, "idempotency_key_reused");
        (await SendAsync("POST", "/v1/webhooks", Good)).Problem(400, "idempotency_key_missing");
    }

    [Fact]
    public async Task There_are_not_more_of_them_than_may_be()
    {
        for (var i = 0; i < WebhookEndpoints.MaxPerTenant; i++)
            Assert.Equal(201, (await CreateAsync(Good, $"{i}")).Status);
        (await CreateAsync(Good, "more")).Problem(409, "too_many_webhooks");
        var first = (string)(await SendAsync("GET", "/v1/webhooks"))["data"][0]!["id"]!;
        Assert.Equal(204, (await SendAsync("DELETE", "/v1/webhooks/" + first)).Status);
        Assert.Equal(201, (await CreateAsync(Good, "more")).Status);
    }

    [Fact]
    public async Task A_ping_says_what_was_answered()
    {
        var id = (await CreateAsync("""{"url":"https://nobody.invalid/","disabled":true}""", "a")).Id();
        var ping = await PostAsync($"/v1/webhooks/{id}/test", "", "t");
        Assert.Equal((200, false, "name_unknown"), (ping.Status, (bool)ping["delivered"], ping.Text("error")));
        Assert.Null(ping["status"]);
    }

    [Fact]
    public async Task Who_may_only_read_changes_nothing()
    {
        var tenant = "t" + Guid.NewGuid().ToString("N")[..12];
        var admin = server.NewKey(tenant, Scopes.Admin);
        var made = await server.SendAsync("POST", "/v1/webhooks", Good, admin, "application/json", "Idempotency-Key: a");
        var viewer = server.NewKey(tenant, Scopes.EventsRead);
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/webhooks/" + made.Id(), key: viewer)).Status);
        foreach (var (method, path) in new[] { ("POST", ""), ("PUT", "/" + made.Id()), ("DELETE", "/" + made.Id()), ("POST", $"/{made.Id()}/rotate"), ("POST", $"/{made.Id()}/test"), ("POST", $"/{made.Id()}/replay") })
            (await server.SendAsync(method, "/v1/webhooks" + path, Good, viewer, "application/json", "Idempotency-Key: b")).Problem(403, "insufficient_scope");
    }

    private Task<ApiAnswer> CreateAsync(string body, string idempotencyKey) => PostAsync("/v1/webhooks", body, idempotencyKey);

    private Task<ApiAnswer> PostAsync(string path, string body, string idempotencyKey) =>
        server.SendAsync("POST", path, body, _key, "application/json", $"Idempotency-Key: {idempotencyKey}");

    private Task<ApiAnswer> SendAsync(string method, string path, string? body = null) => server.SendAsync(method, path, body, _key);
}
