using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary>Whoever verifies every night tells by the exit code alone whether the store is broken, was not reached, or the command is wrong.</summary>
public sealed class VerifyExitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_store_that_is_refused_is_not_verified()
    {
        await using (NewStore())
            Assert.Contains("in use", (await CliRun.OfAsync(Acting.Failed, "verify", "--data", _folder["node"])).Errors, StringComparison.Ordinal);
        await CliRun.OfAsync(Acting.Done, "verify", "--data", _folder["node"]);
        Assert.Contains("no data folder", (await CliRun.OfAsync(Acting.Failed, "verify", "--data", _folder["nothing"])).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_or_a_PSP_that_is_away_was_not_reached()
    {
        await using (NewStore())
        {
            // Made, and closed again.
        }

        var nobody = FreePort.Find();
        await CliRun.OfAsync(Acting.NoAnswer, "verify", "--data", _folder["node"], "--psp", $"http://127.0.0.1:{nobody}");
        await CliRun.OfAsync(Acting.NoAnswer, "verify", "--postgres", $"Host=127.0.0.1;Port={nobody};Username=nobody;Timeout=2");
    }

    [Theory]
    // It breaks off behind what it said first: whether something is missing cannot be told, that something is too much can.
    [InlineData("", Acting.NoAnswer)]
    [InlineData("""{"id":"op_1","kind":"authorize","reference":"nobody:authorize:1","order":"nobody","authorization_id":"op_1","amount":500,"currency":"EUR","status":"succeeded","at":"2026-01-31T12:00:00Z"}""", Acting.Failed)]
    public async Task A_record_that_breaks_off_hides_no_violation_and_is_none(string first, int exit)
    {
        await using (NewStore())
        {
            // Made, and closed again.
        }

        using var psp = new TcpListener(IPAddress.Loopback, 0);
        psp.Start();
        var broken = BreakOffAsync(psp, first + "\n{\"id\":");
        var run = await CliRun.OfAsync(exit, "verify", "--data", _folder["node"], "--psp", $"http://{psp.LocalEndpoint}");
        await broken;
        Assert.Contains($": {(exit == Acting.Failed ? 1 : 0)} violations", run.Output, StringComparison.Ordinal);
        Assert.Contains("the PSP's record cannot be read", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_in_place_of_a_record_is_no_violation()
    {
        await using (NewStore())
        {
            // Made, and closed again.
        }

        await using var psp = await AnswerAsync(static http => http.Response.WriteAsync("<html>"));
        var file = _folder["verify.json"];
        await CliRun.OfAsync(Acting.NoAnswer, "verify", "--data", _folder["node"], "--psp", psp.Urls.First(), "--json", file);
        Assert.False((bool)JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken))!["is_complete"]!);
    }

    // Says that more comes, and closes in good order: what was sent arrives.
    private static async Task BreakOffAsync(TcpListener psp, string body)
    {
        using var caller = await psp.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var stream = caller.GetStream();
        using var request = new StreamReader(stream, leaveOpen: true);
        while (await request.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 })
        {
            // Its headers.
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{body}"), TestContext.Current.CancellationToken);
    }

    private static async Task<WebApplication> AnswerAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Map("/v1/records", answer);
        await app.StartAsync();
        return app;
    }

    [Fact]
    public async Task Neither_two_stores_nor_none_nor_an_address_that_is_none_is_asked_for()
    {
        await CliRun.OfAsync(Acting.Usage, "verify", "--data", _folder["node"], "--postgres", "Host=127.0.0.1");
        await CliRun.OfAsync(Acting.Usage, "verify", "--data", _folder["node"], "--archive", _folder["archive"]);
        await CliRun.OfAsync(Acting.Usage, "verify", "--data", _folder["node"], "--psp", "nonsense");
    }

    private SqliteStore NewStore() => SqliteStore.Open(new SqliteStoreOptions { DataDirectory = _folder["node"], PartitionCount = 1 });
}
