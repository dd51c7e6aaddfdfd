using Millrace.Api.Keys;
using Millrace.Domain.Identity;
using Xunit;

namespace Millrace.Tests.Api.Reconciliation;

public sealed class BreakEndpointTests(ApiServer server) : IClassFixture<ApiServer>
{
    [Theory]
    [InlineData("""{"state":"closed"}""")]
    [InlineData("""{"state":"gone"}""")]
    [InlineData("""{"owner":"maria"}""")]
    [InlineData("""{"state":"open","owner":"","amount":1}""")]
    [InlineData("""{"state":"closed","reason":"  "}""")]
    [InlineData("""{"state":"open","owner":" "}""")]
    [InlineData("""{"state":"open","reason":"of what is not closed"}""")]
    public async Task What_makes_no_sense_of_a_break_is_refused(string body) =>
        (await server.SendAsync("PUT", "/v1/reconciliation/breaks/brk_0", body)).Problem(422, "invalid_request");

    [Fact]
    public async Task Breaks_are_for_whoever_runs_the_installation()
    {
        var merchant = server.NewKey("acme", Scopes.Admin);
        foreach (var path in new[] { "/v1/reconciliation", "/v1/reconciliation/breaks", "/v1/reconciliation/breaks/brk_0" })
            (await server.SendAsync("GET", path, key: merchant)).Problem(403, "insufficient_scope");
        (await server.SendAsync("PUT", "/v1/reconciliation/breaks/brk_0", """{"state":"open"}""", merchant)).Problem(403, "insufficient_scope");
        (await server.SendAsync("GET", "/v1/reconciliation/breaks/brk_0")).Problem(404, "break_not_found");
        (await server.SendAsync("PUT", "/v1/reconciliation/breaks/brk_0", """{"state":"open"}""")).Problem(404, "break_not_found");
        // Whatever is asked for: none of them can be the id of one.
        foreach (var odd in new[] { "brk_%F0%9F%92%A5", "brk_%0a", new string('x', 300), "brk_" + new string('g', 32) })
            (await server.SendAsync("GET", "/v1/reconciliation/breaks/" + odd)).Problem(404, "break_not_found");
        foreach (var odd in new[] { "state=odd", "order=odd", "order=", $"order={OrderId.Create(1, 0, 1)}&order={OrderId.Create(1, 0, 1)}" })
            (await server.SendAsync("GET", "/v1/reconciliation/breaks?" + odd)).Problem(400, "invalid_parameter");
        foreach (var odd in new[] { "abc", "%00", "1-brk_0", $"{new string('1', 15)}-brk_0" })
            (await server.SendAsync("GET", "/v1/reconciliation/breaks?cursor=" + odd)).Problem(400, "invalid_cursor");
    }
}
