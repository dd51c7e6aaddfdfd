using System.Net.Http.Headers;
using System.Text.Json;

namespace Millrace.Cli.Client;

/// <param name="Status">2xx.</param>
/// <param name="Body">Undefined when there was none.</param>
/// <param name="IsReplayed">The server had done this under the same key before.</param>
internal readonly record struct ApiAnswer(int Status, JsonElement Body, bool IsReplayed);

/// <summary>
/// The public API over HTTP. Thread-safe. A request that was refused for now, or whose answer was lost, is sent again
/// with the same idempotency key, a bounded number of times.
/// </summary>
internal sealed class MillraceClient : IDisposable
{
    private readonly HttpClient _http;

    /// <param name="baseUrl">Where the server listens.</param>
    /// <param name="apiKey">Sent as bearer.</param>
    /// <param name="transport">Null for sockets; tests bring their own.</param>
    public MillraceClient(Uri baseUrl, string apiKey, HttpMessageHandler? transport = null)
    {
        _http = new HttpClient(Retrying.Over(transport ?? NewSockets()))
        {
            BaseAddress = baseUrl,
            // Each attempt has its own limit; all of them together are bounded by their number.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Get, path, body: null, idempotencyKey: null, cancellation);

    public Task<ApiAnswer> PutAsync(string path, byte[] body, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Put, path, body, idempotencyKey: null, cancellation);

    public Task<ApiAnswer> PostAsync(string path, byte[] body, string idempotencyKey, CancellationToken cancellation) =>
        SendAsync(HttpMethod.Post, path, body, idempotencyKey, cancellation);

    /// <exception cref="ApiException">The server refused, still after the last retry if it was for now.</exception>
    /// <exception cref="HttpRequestException">The server could not be reached.</exception>
    public async Task<ApiAnswer> SendAsync(
        HttpMethod method, string path, byte[]? body, string? idempotencyKey, CancellationToken cancellation, string? prefer = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (idempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", idempotencyKey);
        if (prefer is not null)
            request.Headers.TryAddWithoutValidation("Prefer", prefer);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var response = await _http.SendAsync(request, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (!response.IsSuccessStatusCode)
            throw ApiException.Of((int)response.StatusCode, bytes);
        return new ApiAnswer((int)response.StatusCode, Parse(bytes), response.Headers.Contains("Idempotent-Replayed"));
    }

    public void Dispose() => _http.Dispose();

    private static JsonElement Parse(byte[] bytes)
    {
        if (bytes.Length == 0)
            return default;
        using var document = JsonDocument.Parse(bytes);
        return document.RootElement.Clone();
    }

    private static SocketsHttpHandler NewSockets() => new()
    {
        // A server that restarts on another address is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    };
}
