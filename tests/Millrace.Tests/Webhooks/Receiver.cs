using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Tests.EndToEnd;
using Millrace.Webhooks.Sending;

namespace Millrace.Tests.Webhooks;

/// <summary>What arrived at a receiver, whatever it was answered.</summary>
internal sealed record Arrival(byte[] Body, IReadOnlyDictionary<string, string> Headers, string Target)
{
    public string Id => Headers[WebhookSignature.IdHeader];

    public JsonNode Event => JsonNode.Parse(Body)!;

    public string Order => (string)Event["subject"]!;

    public int Version => int.Parse((string)Event["sequence"]!, CultureInfo.InvariantCulture);

    public bool IsSignedWith(string secret) => Headers[WebhookSignature.SignatureHeader].Split(' ').Contains(WebhookSignature.Of(
        Id, long.Parse(Headers[WebhookSignature.TimestampHeader], CultureInfo.InvariantCulture), Body, [Convert.FromBase64String(secret["whsec_".Length..])]), StringComparer.Ordinal);
}

/// <summary>A merchant's end of webhooks: a real HTTP server that keeps what arrives, and answers as it is told.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<Arrival> _arrivals = new();
    private readonly WebApplication _app;

    private Receiver()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        _app = builder.Build();
        _app.Run(TakeAsync);
    }

    /// <summary>What the next arrivals are answered.</summary>
    public Func<Arrival, HttpResponse, Task> Answer { get; set; } = (_, response) => With(response, 204);

    public Uri Address => new(new Uri(_app.Urls.Single()), "/hooks");

    public IReadOnlyList<Arrival> Arrivals => [.. _arrivals];

    public static async Task<Receiver> StartAsync()
    {
        var receiver = new Receiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    public static Task With(HttpResponse response, int status)
    {
        response.StatusCode = status;
        return Task.CompletedTask;
    }

    /// <summary>Waits until what has arrived satisfies.</summary>
    public Task<IReadOnlyList<Arrival>> UntilAsync(Func<IReadOnlyList<Arrival>, bool> isDone, string claim) =>
        Eventually.AsyncOf(() => Task.FromResult(Arrivals), isDone, claim);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        var arrival = new Arrival(
            body.ToArray(), http.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal), http.Request.Path + http.Request.QueryString);
        var answer = Answer;
        _arrivals.Enqueue(arrival);
        await answer(arrival, http.Response);
    }
}
