using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Millrace.Gateways.Psp;
using Xunit;

namespace Millrace.Tests.PspSimulator;

/// <summary>The merchant's end of the webhooks: a real HTTP server that keeps what arrives.</summary>
internal sealed class WebhookReceiver : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly Channel<Delivery> _arrived = Channel.CreateUnbounded<Delivery>();
    private readonly ConcurrentQueue<int> _statuses = new();
    private readonly WebApplication _app;

    private WebhookReceiver()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        _app = builder.Build();
        _app.MapPost("/hooks", (RequestDelegate)TakeAsync);
    }

    public Uri Address => new(new Uri(_app.Urls.Single()), "/hooks");

    public static async Task<WebhookReceiver> StartAsync()
    {
        var receiver = new WebhookReceiver();
        await receiver._app.StartAsync();
        return receiver;
    }

    /// <summary>The next deliveries are answered with these, later ones with 204.</summary>
    public void AnswerWith(params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
            _statuses.Enqueue(status);
    }

    /// <summary>The next delivery, whatever it was answered.</summary>
    public async Task<Delivery> NextAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        return await _arrived.Reader.ReadAsync(patience.Token);
    }

    public async Task<List<PspWebhook>> TakeAsync(int count, TimeProvider time)
    {
        var verifier = new PspWebhookVerifier(PspHost.Secret, time);
        var webhooks = new List<PspWebhook>();
        while (webhooks.Count < count)
        {
            var delivery = await NextAsync();
            Assert.True(verifier.TryVerify(delivery.Body, delivery.Signature, out var webhook, out _));
            webhooks.Add(webhook);
        }

        return webhooks;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.StatusCode = _statuses.TryDequeue(out var status) ? status : StatusCodes.Status204NoContent;
        await _arrived.Writer.WriteAsync(new Delivery(body.ToArray(), context.Request.Headers[PspWebhookVerifier.HeaderName].ToString()));
    }
}

internal sealed record Delivery(byte[] Body, string Signature);
