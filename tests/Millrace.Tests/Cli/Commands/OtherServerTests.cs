using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>What a command says when something else answers, or a server behind another's path.</summary>
public sealed class OtherServerTests : IAsyncLifetime
{
    private readonly WebApplication _app;

    public OtherServerTests()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.MapGet("/page/{**path}", () => Results.Content("<html>It works!</html>", "text/html"));
        _app.MapGet("/json/{**path}", () => Results.Content("{}", "application/json"));
        _app.MapGet("/behind/livez", () => Results.Ok());
        _app.MapGet("/behind/readyz", () => Results.Ok());
        _app.MapGet("/behind/openapi/v1.json", () => Results.Content("""{"info":{"version":"v1"}}""", "application/json"));
    }

    public async ValueTask InitializeAsync() => await _app.StartAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    [Theory]
    [InlineData("page", "orders get ord_1")]
    [InlineData("page", "alerts list")]
    [InlineData("json", "alerts list")]
    [InlineData("json", "stock demand")]
    public async Task What_is_no_answer_of_ours_is_told_in_one_line(string path, string line)
    {
        var run = await CliRun.OfAsync(Acting.Failed, [.. line.Split(' '), "--url", At(path), "--key", "k"]);
        Assert.Empty(run.Output);
        Assert.Matches("^millrace: what answered[^\n]* is no Millrace server[^\n]+\n$", run.Errors);
    }

    [Theory]
    [InlineData("behind")]
    [InlineData("behind/")]
    public async Task The_doctor_looks_behind_the_path_as_every_command_does(string path)
    {
        var findings = (await CliRun.OfAsync(Acting.Done, "doctor", "--url", At(path), "-o", "ndjson")).Rows.ToDictionary(row => (string)row["check"]!, StringComparer.Ordinal);
        foreach (var check in new[] { "server", "ready", "version" })
            Assert.Equal("ok", (string)findings[check]["verdict"]!);
    }

    private string At(string path) => _app.Urls.Single() + "/" + path;
}
