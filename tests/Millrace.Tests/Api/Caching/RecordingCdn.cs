using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Api.Caching;

namespace Millrace.Tests.Api.Caching;

/// <summary>A shared cache that notes what it is told, and may refuse it.</summary>
internal sealed class RecordingCdn : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _told = new();
    private readonly WebApplication _app;
    private volatile int _status = StatusCodes.Status200OK;

    private RecordingCdn(WebApplication app) => _app = app;

    /// <summary>The credential, a bar, and the groups, of each request.</summary>
    public IReadOnlyCollection<string> Told => _told;

    /// <summary>What it answers.</summary>
    public int Status
    {
        set => _status = value;
    }

    public static async Task<RecordingCdn> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var cdn = new RecordingCdn(builder.Build());
        cdn._app.MapPost("/purge", cdn.Tell);
        await cdn._app.StartAsync();
        return cdn;
    }

    public CdnOptions Options(string header = "Surrogate-Key") =>
        new() { PurgeUrls = [new Uri(new Uri(_app.Urls.Single()), "/purge")], GroupHeader = header, PurgeCredential = new("Fastly-Key", "secret") };

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private IResult Tell(HttpRequest request)
    {
        _told.Enqueue($"{request.Headers["Fastly-Key"]}|{request.Headers["Surrogate-Key"]}{request.Headers["Cache-Tag"]}");
        return Results.StatusCode(_status);
    }
}
