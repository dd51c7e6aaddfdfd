using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>A feed that goes away behind its first page, for longer than anybody waits.</summary>
public sealed class TailTests : IAsyncLifetime
{
    private WebApplication? _app;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapGet("/v1/events", http =>
        {
            if (http.Request.Query["after"] != "now")
            {
                http.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                http.Response.Headers.RetryAfter = "3600";
                return http.Response.WriteAsJsonAsync(new { code = "unavailable", detail = "Not now." });
            }

            return http.Response.WriteAsJsonAsync(new { data = new[] { new { id = "1:1:0", type = "order.placed.v1", subject = "ord_1", sequence = "1" } }, next_cursor = "after-one", has_more = true });
        });
        await _app.StartAsync();
    }

    public ValueTask DisposeAsync() => _app!.DisposeAsync();

    [Fact]
    public async Task Where_it_was_when_the_server_went_away_is_told()
    {
        var run = await CliRun.OfAsync(Acting.NoAnswer, "events", "tail", "-o", "ndjson", "--url", _app!.Urls.First(), "--key", "k");
        Assert.Equal("1:1:0", (string)Assert.Single(run.Rows)["id"]!);
        Assert.Contains("Go on with --from after-one", run.Errors, StringComparison.Ordinal);
    }
}
