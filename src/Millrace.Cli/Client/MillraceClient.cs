using System.Diagnostics;
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
    private readonly Uri _server;
    private readonly HttpClient _http;

    /// <param name="baseUrl">Where the server listens.</param>
    /// <param name="apiKey">Sent as bearer.</param>
    /// <param name="transport">Null for sockets; tests bring their own.</param>
    public MillraceClient(Uri baseUrl, string apiKey, HttpMessageHandler? transport = null)
    {
        _server = baseUrl;
        _http = new HttpClient(Retrying.Over(transport ?? NewSockets()))
        {
            // Each attempt has its own limit; all of them together are bounded by their number.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", apiKey);
    }

    /// <summary>How long a request may take with all its repeats; null for as long as those take.</summary>
    public TimeSpan? Patience { get; init; }

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellation) => SendAsync(ApiRequest.Get(path), cancellation);

    public Task<ApiAnswer> PutAsync(string path, byte[] body, CancellationToken cancellation) => SendAsync(new ApiRequest(HttpMethod.Put, path, body), cancellation);

    public Task<ApiAnswer> PostAsync(string path, byte[] body, string idempotencyKey, CancellationToken cancellation) =>
        SendAsync(new ApiRequest(HttpMethod.Post, path, body, idempotencyKey), cancellation);

    /// <exception cref="ApiException">The server refused, still after the last retry if it was for now.</exception>
    /// <exception cref="HttpRequestException">The server could not be reached.</exception>
    /// <exception cref="TimeoutException">It did not answer within <see cref="Patience"/>.</exception>
    /// <exception cref="InvalidDataException">Something else answered, such as a proxy's page: no JSON.</exception>
    public async Task<ApiAnswer> SendAsync(ApiRequest asked, CancellationToken cancellation)
    {
        if (Patience is not { } patience)
            return await TryAsync(asked, cancellation);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        either.CancelAfter(patience);
        try
        {
            return await TryAsync(asked, either.Token);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"There was no answer of the server within {patience.TotalSeconds} s.", late);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<ApiAnswer> TryAsync(ApiRequest asked, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(asked.Method, asked.At(_server));
        if (Patience is { } patience)
            request.Options.Set(Retrying.Until, Stopwatch.GetTimestamp() + (long)(patience.TotalSeconds * Stopwatch.Frequency));
        if (asked.IdempotencyKey is not null)
            request.Headers.TryAddWithoutValidation("Idempotency-Key", asked.IdempotencyKey);
        if (asked.Prefer is not null)
            request.Headers.TryAddWithoutValidation("Prefer", asked.Prefer);
        if (asked.Body is not null)
        {
            request.Content = new ByteArrayContent(asked.Body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        using var response = await _http.SendAsync(request, cancellation);
        var bytes = await response.Content.ReadAsByteArrayAsync(cancellation);
        if (!response.IsSuccessStatusCode)
            throw ApiException.Of((int)response.StatusCode, bytes);
        return new ApiAnswer((int)response.StatusCode, Parse(bytes, request.RequestUri!), response.Headers.Contains("Idempotent-Replayed"));
    }

    private static JsonElement Parse(byte[] bytes, Uri asked)
    {
        if (bytes.Length == 0)
            return default;
        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (JsonException other)
        {
            throw new InvalidDataException($"what answered at {asked.GetLeftPart(UriPartial.Path)} is no Millrace server: it sent no JSON.", other);
        }
    }

    private static SocketsHttpHandler NewSockets() => new()
    {
        // A server that restarts on another address is found again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    };
}
