using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>What a command says when something else answers.</summary>
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

    private string At(string path) => _app.Urls.Single() + "/" + path;
}
