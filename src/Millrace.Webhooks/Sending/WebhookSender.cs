using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Security.Authentication;
using Millrace.Domain.Identity;

namespace Millrace.Webhooks.Sending;

/// <summary>
/// One attempt: signs and posts, and says what came of it. Never throws for what a receiver does. No retry, no redirect, no proxy, no cookie: what is tried
/// again, and when, is the deliverer's to say, and nobody else's. Thread-safe.
/// </summary>
public sealed class WebhookSender : IDisposable
{
    /// <summary>For the whole of an attempt, from resolving the name to the answer's headers.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    // What a receiver says beside its status is of no use to us; this much of it is read so that the connection can be used again.
    private const int MostAnswerBytes = 16 << 10;
    private const string MediaType = "application/cloudevents+json";
    private const string UserAgent = "Millrace-Webhooks/1.0";
    private static readonly HttpRequestOptionsKey<TenantId> Tenant = new("tenant");
    private readonly WebhookOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;

    public WebhookSender(WebhookOptions options, TimeProvider time)
        : this(options, time, Connections(options))
    {
    }

    internal WebhookSender(WebhookOptions options, TimeProvider time, HttpMessageHandler connections)
    {
        ArgumentNullException.ThrowIfNull(options);
        (_options, _time, _http) = (options, time, new HttpClient(connections) { Timeout = Timeout.InfiniteTimeSpan });
    }

    /// <param name="tenant">Whose receiver it is.</param>
    /// <param name="url">The receiver's.</param>
    /// <param name="id">The same for all attempts.</param>
    /// <param name="body">A CloudEvent.</param>
    /// <param name="secrets">To sign with, at least one.</param>
    /// <param name="cancellation">Gives up; the receiver may have taken it.</param>
    /// <exception cref="OperationCanceledException">By <paramref name="cancellation"/> alone.</exception>
    public async Task<SendResult> SendAsync(TenantId tenant, Uri url, string id, ReadOnlyMemory<byte> body, IReadOnlyList<byte[]> secrets, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(url);
        var startedAt = _time.GetTimestamp();
        if (!WebhookUrl.MayBeSentTo(url, _options))
            return new SendResult(null, SendErrors.Address, null, TimeSpan.Zero);
        using var patience = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using var request = NewRequest(url, id, body, secrets);
            request.Options.Set(Tenant, tenant);
            using var answer = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            var result = ResultOf(answer, _time.GetElapsedTime(startedAt));
            await DrainAsync(answer, either.Token);
            return result;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        // A socket's own where the receiver closes a connection in the instant in which it was made.
        catch (Exception failure) when (failure is HttpRequestException or SocketException or OperationCanceledException)
        {
            var error = failure switch { HttpRequestException e => CodeOf(e), SocketException => SendErrors.Connection, _ => SendErrors.Timeout };
            return new SendResult(null, error, null, _time.GetElapsedTime(startedAt));
        }
    }

    public void Dispose() => _http.Dispose();

    private static SocketsHttpHandler Connections(WebhookOptions options) => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = 16,
        MaxResponseDrainSize = 0,
        // A name that moves is asked again, and its addresses are checked again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        ConnectCallback = (context, cancellation) => CheckedConnection.OpenAsync(TenantOf(context.InitialRequestMessage), context.DnsEndPoint, options.AllowPrivateAddresses, cancellation),
    };

    private static TenantId TenantOf(HttpRequestMessage request) =>
        request.Options.TryGetValue(Tenant, out var tenant) ? tenant : throw new InvalidOperationException("Nobody said whose request it is.");

    private HttpRequestMessage NewRequest(Uri url, string id, ReadOnlyMemory<byte> body, IReadOnlyList<byte[]> secrets)
    {
        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(MediaType) } } };
        request.Headers.TryAddWithoutValidation("User-Agent", UserAgent);
        request.Headers.TryAddWithoutValidation(WebhookSignature.IdHeader, id);
        request.Headers.TryAddWithoutValidation(WebhookSignature.TimestampHeader, now.ToString(CultureInfo.InvariantCulture));
        request.Headers.TryAddWithoutValidation(WebhookSignature.SignatureHeader, WebhookSignature.Of(id, now, body.Span, secrets));
        return request;
    }

    private SendResult ResultOf(HttpResponseMessage answer, TimeSpan took)
    {
        var status = (int)answer.StatusCode;
        var error = status switch
        {
            >= 200 and < 300 => null,
            >= 300 and < 400 => SendErrors.Redirect,
            _ => SendErrors.Refused,
        };
        return new SendResult(status, error, error is null ? null : RetryAfter(answer.Headers.RetryAfter), took);
    }

    private TimeSpan? RetryAfter(RetryConditionHeaderValue? header)
    {
        var asked = header?.Delta ?? header?.Date - _time.GetUtcNow();
        return asked > TimeSpan.Zero ? asked : null;
    }

    // What was answered stands, however this ends.
    private static async Task DrainAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        try
        {
            await using var body = await answer.Content.ReadAsStreamAsync(cancellation);
            var buffer = new byte[4 << 10];
            for (var left = MostAnswerBytes; left > 0;)
            {
                var read = await body.ReadAsync(buffer.AsMemory(0, Math.Min(buffer.Length, left)), cancellation);
                if (read == 0)
                    return;
                left -= read;
            }
        }
        catch (Exception end) when (end is IOException or HttpRequestException or SocketException or OperationCanceledException)
        {
            // The connection is given up with the rest of the body.
        }
    }

    private static string CodeOf(HttpRequestException failure) => failure switch
    {
        { InnerException: AddressRefusedException } => SendErrors.Address,
        { InnerException: SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } } => SendErrors.Name,
        { HttpRequestError: HttpRequestError.NameResolutionError } => SendErrors.Name,
        { HttpRequestError: HttpRequestError.SecureConnectionError } or { InnerException: AuthenticationException } => SendErrors.Tls,
        { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.HttpProtocolError or HttpRequestError.ConfigurationLimitExceeded } => SendErrors.Protocol,
        _ => SendErrors.Connection,
    };
}
