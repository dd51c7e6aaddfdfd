using System.Text.Json;
using Millrace.Api.Documentation;
using Millrace.Api.Keys;
using Xunit;

namespace Millrace.Tests.Api;

public sealed class KeyEndpointTests(ApiServer server) : IClassFixture<ApiServer>
{
    private static readonly JsonSerializerOptions Strict = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Disallow,
    };

    [Fact]
    public async Task A_key_is_made_used_rotated_and_revoked_and_the_audit_log_has_it_all()
    {
        var made = await CreateAsync("till", "one");
        Assert.Equal(201, made.Status);
        var (id, key) = ((string)made["id"]!, (string)made["key"]!);
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/orders", key: key)).Status);

        // A repeat makes none, and cannot show the text again.
        var again = await CreateAsync("till", "one");
        Assert.Equal((200, "true", id, null), (again.Status, again.Header("Idempotent-Replayed"), (string)again["id"]!, Read(again).Key));
        (await CreateAsync("other", "one")).Problem(422, "idempotency_key_reused");

        var rotated = await server.PostAsync($"/v1/api-keys/{id}/rotate", """{"overlap_s":0}""", "two");
        Assert.Equal(201, rotated.Status);
        Assert.Equal(401, (await server.SendAsync("GET", "/v1/orders", key: key)).Status);
        var second = (string)rotated["key"]!;
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/orders", key: second)).Status);
        var listed = Read<ApiKeyListShape>(await server.SendAsync("GET", "/v1/api-keys")).Data.Where(k => k.Name == "till").ToList();
        Assert.Equal([(id, "expired"), ((string)rotated["id"]!, "live")], listed.Select(k => (k.Id, k.State)).OrderBy(k => k.State, StringComparer.Ordinal));
        Assert.All(listed, k => Assert.True(k.LastUsedAt > DateTimeOffset.UnixEpoch && k.Key is null));

        Assert.Equal(204, (await server.SendAsync("DELETE", "/v1/api-keys/" + (string)rotated["id"]!)).Status);
        Assert.Equal(204, (await server.SendAsync("DELETE", "/v1/api-keys/" + (string)rotated["id"]!)).Status);
        Assert.Equal(401, (await server.SendAsync("GET", "/v1/orders", key: second)).Status);

        var subjects = new[] { id, (string)rotated["id"]! };
        var audit = Read<AuditListShape>(await server.SendAsync("GET", "/v1/audit?limit=200")).Data.Where(e => subjects.Contains(e.Subject)).ToList();
        Assert.Equal(["key.created", "key.created", "key.revoked"], audit.Select(e => e.Action));
        Assert.All(audit, e => Assert.Equal("api_key", e.Actor.Kind));
        Assert.DoesNotContain(audit, e => e.Detail.Values.Any(v => v.ToString().Contains(key, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Nobody_makes_or_renews_a_key_that_can_do_more_than_he_can()
    {
        var plain = server.NewKey("acme", Scopes.Admin);
        var body = """{"name":"sly","scopes":["system:operate"]}""";
        (await server.SendAsync("POST", "/v1/api-keys", body, plain, headers: "Idempotency-Key: sly")).Problem(403, "insufficient_scope");
        var mighty = await server.PostAsync("/v1/api-keys", body, "mighty");
        Assert.Equal(201, mighty.Status);
        (await server.SendAsync("POST", $"/v1/api-keys/{(string)mighty["id"]!}/rotate", "{}", plain, headers: "Idempotency-Key: sly")).Problem(403, "insufficient_scope");
        // One scope less than all is not an admin.
        var clerk = server.NewKey("acme", Scopes.Admin & ~Scopes.OrdersRefund);
        (await server.SendAsync("GET", "/v1/api-keys", key: clerk)).Problem(403, "insufficient_scope");
    }

    [Fact]
    public async Task Another_tenant_neither_sees_nor_touches_a_key()
    {
        var id = (string)(await CreateAsync("mine", "mine"))["id"]!;
        var stranger = server.NewKey("stranger", Scopes.Admin | Scopes.SystemOperate);
        Assert.DoesNotContain(id, (await server.SendAsync("GET", "/v1/api-keys", key: stranger)).Body, StringComparison.Ordinal);
        Assert.DoesNotContain(id, (await server.SendAsync("GET", "/v1/audit?limit=200", key: stranger)).Body, StringComparison.Ordinal);
        (await server.SendAsync("DELETE", "/v1/api-keys/" + id, key: stranger)).Problem(404, "key_not_found");
        (await server.SendAsync("POST", $"/v1/api-keys/{id}/rotate", "{}", stranger, headers: "Idempotency-Key: x")).Problem(404, "key_not_found");
    }

    [Theory]
    [InlineData("""{"scopes":["admin"]}""", "/name", "missing_field")]
    [InlineData("""{"name":"x"}""", "/scopes", "missing_field")]
    [InlineData("""{"name":"x","scopes":[]}""", "/scopes", "too_short")]
    [InlineData("""{"name":"x","scopes":["all"]}""", "/scopes/0", "unknown_scope")]
    [InlineData("""{"name":"x","scopes":["admin"],"expires_at":"2020-01-01T00:00:00Z"}""", "/expires_at", "out_of_range")]
    [InlineData("""{"name":"x","scopes":["admin"],"tenant":"stranger"}""", "/tenant", "unknown_field")]
    public async Task A_bad_wish_is_refused_by_its_field(string body, string pointer, string code)
    {
        var problem = (await server.PostAsync("/v1/api-keys", body, Guid.NewGuid().ToString())).Problem(422, "invalid_request");
        Assert.Contains(problem.Errors!, e => e.Pointer == pointer && e.Code == code);
    }

    [Fact]
    public async Task The_audit_log_is_read_page_by_page()
    {
        await CreateAsync("pages", "pages");
        var all = Read<AuditListShape>(await server.SendAsync("GET", "/v1/audit?limit=200")).Data;
        var turned = new List<AuditEntryShape>();
        for (string? after = "0"; after is not null;)
        {
            var page = Read<AuditListShape>(await server.SendAsync("GET", $"/v1/audit?limit=1&after={after}"));
            turned.AddRange(page.Data);
            Assert.Equal(page.HasMore, page.NextCursor is not null);
            after = page.NextCursor;
        }

        Assert.Equal(all.Select(e => e.Chain), turned.Select(e => e.Chain));
        (await server.SendAsync("GET", "/v1/audit?limit=0")).Problem(400, "invalid_parameter");
    }

    private Task<ApiAnswer> CreateAsync(string name, string idempotencyKey) =>
        server.PostAsync("/v1/api-keys", $$"""{"name":"{{name}}","scopes":["viewer","orders:write"]}""", idempotencyKey);

    private static ApiKeyShape Read(ApiAnswer answer) => Read<ApiKeyShape>(answer);

    private static T Read<T>(ApiAnswer answer)
    {
        Assert.InRange(answer.Status, 200, 201);
        return JsonSerializer.Deserialize<T>(answer.Body, Strict)!;
    }
}
