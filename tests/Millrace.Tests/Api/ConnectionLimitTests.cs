using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Millrace.Api.Edge;
using Millrace.Tests.Architecture;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>Clients that hold on to connections. The limits are the server's own, with shorter times.</summary>
public sealed class ConnectionLimitTests : IAsyncLifetime
{
    private const int MostConnections = 8;
    private const int LargeBytes = 64 << 20;
    private readonly TaskCompletionSource _givenUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;

    private int Port => new Uri(_app!.Urls.First()).Port;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.Configure<KestrelServerOptions>(ServerLimits.Set).Configure<KestrelServerOptions>(kestrel =>
        {
            // The server looks once a second, and wants more grace than that.
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(ServerLimits.MinBytesPerSecond, TimeSpan.FromSeconds(1.001));
            // What fits into the sockets between counts as read: more than that, in a second.
            kestrel.Limits.MinResponseDataRate = new MinDataRate(LargeBytes, TimeSpan.FromSeconds(1.001));
            kestrel.Limits.RequestHeadersTimeout = kestrel.Limits.KeepAliveTimeout = TimeSpan.FromMilliseconds(200);
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
        });
        _app = builder.Build();
        _app.UseMiddleware<EdgeMiddleware>();
        _app.MapPost("/body", async http => BodyReading.Release(http.Request, await BodyReading.ReadAsync(http.Request, BodyReading.MaxBytes)));
        _app.MapGet("/large", async http =>
        {
            http.RequestAborted.Register(_givenUp.SetResult);
            await http.Response.Body.WriteAsync(new byte[LargeBytes]);
        });
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_is_slow_loses_the_connection()
    {
        using var headers = await SendAsync("GET /body HTTP/1.1\r\nHost: a\r\nX: ");
        using var body = await SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{");
        using var chunk = await SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100\r\n{");
        using var idle = await SendAsync("");
        using var kept = await SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        using var reader = await SendAsync("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 408", await ToEndAsync(headers), StringComparison.Ordinal);
        foreach (var slow in new[] { body, chunk })
        {
            var answer = await ToEndAsync(slow);
            Assert.StartsWith("HTTP/1.1 408", answer, StringComparison.Ordinal);
            Assert.Contains("\"code\":\"request_timeout\"", answer, StringComparison.Ordinal);
        }

        // Nothing was asked, or all was answered: closed without a word.
        Assert.Equal("", await ToEndAsync(idle));
        Assert.StartsWith("HTTP/1.1 200", await ToEndAsync(kept), StringComparison.Ordinal);
        await _givenUp.Task.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task One_connection_too_many_is_closed_and_room_is_made_when_one_ends()
    {
        var open = new List<TcpClient>();
        for (var i = 0; i < MostConnections; i++)
            open.Add(await SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"));
        await Eventually.Async(async () =>
        {
            using var more = await SendAsync("");
            return (await ToEndAsync(more)).Length == 0;
        }, "no more are taken");
        open[0].Dispose();
        await Eventually.Async(async () =>
        {
            using var more = await SendAsync("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return (await ToEndAsync(more)).StartsWith("HTTP/1.1 200", StringComparison.Ordinal);
        }, "there is room again");
        foreach (var connection in open)
            connection.Dispose();
    }

    [Fact]
    public void The_limits_are_those_of_the_document()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "hostile-input.md"));
        var kestrel = new KestrelServerOptions();
        ServerLimits.Set(kestrel);
        var limits = kestrel.Limits;
        foreach (var (what, value) in new (string, object?)[]
        {
            ("request line", limits.MaxRequestLineSize), ("headers, bytes", limits.MaxRequestHeadersTotalSize), ("headers, count", limits.MaxRequestHeaderCount), ("connections", limits.MaxConcurrentConnections),
            ("order, bytes", BodyReading.MaxBytes), ("batch, bytes", limits.MaxRequestBodySize), ("other body, bytes", BodyReading.MaxSmallBytes), ("JSON depth", Millrace.Api.Json.JsonPath.MaxDepth),
            ("headers, seconds", limits.RequestHeadersTimeout.TotalSeconds), ("idle connection, seconds", limits.KeepAliveTimeout.TotalSeconds),
            ("body, bytes a second", limits.MinRequestBodyDataRate!.BytesPerSecond), ("answer, bytes a second", limits.MinResponseDataRate!.BytesPerSecond),
            ("after a grace of seconds", limits.MinRequestBodyDataRate.GracePeriod.TotalSeconds), ("HTTP/2 streams a connection", limits.Http2.MaxStreamsPerConnection),
        })
            Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"| {what} | {value:#,0} |"), document, StringComparison.Ordinal);
    }

    private async Task<TcpClient> SendAsync(string bytes)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(bytes));
        return client;
    }

    private static async Task<string> ToEndAsync(TcpClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        var all = new MemoryStream();
        try
        {
            await client.GetStream().CopyToAsync(all, limit.Token);
        }
        catch (IOException)
        {
            // Reset, with what it did not read.
        }

        return Encoding.ASCII.GetString(all.ToArray());
    }
}
