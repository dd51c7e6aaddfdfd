using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Millrace.PspSimulator.Webhooks;

/// <summary>Signs one event and posts it, a few times if need be. Only 2xx is success.</summary>
internal sealed partial class WebhookSender(Uri url, string secret, TimeProvider time, ILogger<WebhookSender> log) : IDisposable
{
    private const int MaxAttempts = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private readonly byte[] _secret = Encoding.UTF8.GetBytes(secret);

    // A redirect would carry the event to a place that nobody configured.
    private readonly HttpClient _http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };

    public async Task SendAsync(WebhookEvent webhook, CancellationToken cancellation)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(webhook, PspJson.Default.WebhookEvent);
        for (var attempt = 1; attempt <= MaxAttempts; attempt++)
        {
            if (attempt > 1)
                await Task.Delay(FirstPause * (1 << (attempt - 2)), time, cancellation);
            if (await TrySendAsync(webhook.Id, body, cancellation))
                return;
        }

        LogGivenUp(log, webhook.Id, MaxAttempts);
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> TrySendAsync(string id, byte[] body, CancellationToken cancellation)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            request.Headers.Add(WebhookSignature.HeaderName, WebhookSignature.Make(_secret, time.GetUtcNow(), body));
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
            if (response.IsSuccessStatusCode)
                return true;
            LogRefused(log, id, (int)response.StatusCode);
        }
        catch (Exception exception) when (exception is HttpRequestException or SocketException or TaskCanceledException && !cancellation.IsCancellationRequested)
        {
            LogUnreachable(log, id, exception.GetType().Name);
        }

        return false;
    }
}
