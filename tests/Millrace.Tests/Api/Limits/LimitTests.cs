using System.Text.RegularExpressions;
using Millrace.Api.Keys;
using Xunit;

namespace Millrace.Tests.Api.Limits;

public sealed partial class LimitTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Fact]
    public async Task A_tenant_that_uses_up_its_limit_is_refused_and_told_when_to_come_back_and_no_other_is()
    {
        // One an hour: nothing refills while the test runs.
        await SetAsync("noisy", """{"tenant":{"per_second":1,"burst":1000},"key":{"per_second":1,"burst":3}}""");
        var key = server.NewKey("noisy", Scopes.OrdersRead);
        var answers = new List<ApiAnswer>();
        for (var i = 0; i < 40; i++)
            answers.Add(await server.SendAsync("GET", "/v1/orders/ord_x", key: key));
        var refused = answers.Where(a => a.Status == 429).ToList();
        Assert.NotEmpty(refused);
        foreach (var answer in answers)
        {
            Assert.Equal("\"key\";q=3;w=3, \"tenant\";q=1000;w=1000", answer.Header("RateLimit-Policy"));
            Assert.Matches(Remaining(), answer.Header("RateLimit")!);
        }

        foreach (var answer in refused)
        {
            answer.Problem(429, "quota_exceeded");
            Assert.Equal("1", answer.Header("Retry-After"));
            Assert.StartsWith("\"key\";r=0;t=", answer.Header("RateLimit"), StringComparison.Ordinal);
        }

        Assert.Equal(200, (await server.SendAsync("GET", "/v1/orders")).Status);
    }

    [Fact]
    public async Task Limits_are_changed_while_the_server_runs_and_hold_for_refused_scopes_too()
    {
        await SetAsync("changing", """{"tenant":{"per_second":100,"burst":100},"key":{"per_second":100,"burst":100},"per_day":2}""");
        var key = server.NewKey("changing", Scopes.OrdersRead);
        (await server.SendAsync("GET", "/v1/api-keys", key: key)).Problem(403, "insufficient_scope");
        var last = await server.SendAsync("GET", "/v1/orders", key: key);
        Assert.Equal((200, "\"day\";r=0"), (last.Status, last.Header("RateLimit")!.Split(";t=")[0]));
        var refused = await server.SendAsync("GET", "/v1/orders", key: key);
        refused.Problem(429, "quota_exceeded");
        Assert.InRange(long.Parse(refused.Header("Retry-After")!), 1, 86_400);
        await SetAsync("changing", """{"tenant":{"per_second":100,"burst":100},"key":{"per_second":100,"burst":100},"per_day":50}""");
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/orders", key: key)).Status);
        Assert.Equal(50, (int)(await server.SendAsync("GET", "/v1/tenants/changing/limits"))["per_day"]!);
    }

    [Fact]
    public async Task Limits_that_are_the_defaults_too_are_kept_for_when_those_change()
    {
        // Whatever they are.
        var defaults = (await server.SendAsync("GET", "/v1/tenants/pinned/limits")).Body;
        await SetAsync("pinned", defaults);
        await SetAsync("pinned", defaults);
        var kept = await server.SendAsync("GET", "/v1/audit?limit=200", key: server.NewKey("pinned", Scopes.Admin));
        Assert.Single(kept["data"]!.AsArray(), entry => (string)entry!["action"]! == "limits.set");
    }

    [Theory]
    [InlineData("""{"tenant":{"per_second":0,"burst":1},"key":{"per_second":1,"burst":1}}""", "/tenant/per_second")]
    [InlineData("""{"tenant":{"per_second":1},"key":{"per_second":1,"burst":1}}""", "/tenant/burst")]
    [InlineData("""{"key":{"per_second":1,"burst":1}}""", "/tenant")]
    public async Task A_limit_that_is_none_is_refused_by_its_field(string body, string pointer)
    {
        var problem = (await server.SendAsync("PUT", "/v1/tenants/acme/limits", body)).Problem(422, "invalid_request");
        Assert.Contains(problem.Errors!, e => e.Pointer == pointer);
        (await server.SendAsync("PUT", "/v1/tenants/acme/limits", body, server.NewKey("acme", Scopes.Admin))).Problem(403, "insufficient_scope");
    }

    private async Task SetAsync(string tenant, string limits) =>
        Assert.Equal(200, (await server.SendAsync("PUT", $"/v1/tenants/{tenant}/limits", limits)).Status);

    [GeneratedRegex("^\"(?:key|tenant)\";r=\\d+;t=\\d+$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Remaining();
}
