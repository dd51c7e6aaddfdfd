using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Millrace.Client.Json;

namespace Millrace.Client.Sending;

/// <summary>Sends calls, and repeats what may be repeated: the one place that does.</summary>
internal sealed class Sender
{
    private readonly HttpClient _http;
    private readonly MillraceClientOptions _options;
    private readonly Uri _server;
    private readonly RetryBudget _budget;
    private readonly BackOff _backOff;

    public Sender(HttpClient http, MillraceClientOptions options)
    {
        (_http, _options) = (http, options);
        _server = options.BaseAddress.AbsolutePath.EndsWith('/') ? options.BaseAddress : new Uri(options.BaseAddress.AbsoluteUri + "/");
        (_budget, _backOff) = (new RetryBudget(options.RetryRatio, options.Time), new BackOff(options.Random));
    }

    public async Task<Answer<T>> SendAsync<T>(Call call, JsonTypeInfo<T> type, CancellationToken cancellation)
    {
        var began = _options.Time.GetTimestamp();
        var limit = (call.Timeout ?? _options.Timeout) + call.Wait;
        _budget.AddRequest();
        for (var attempt = 0; ; attempt++)
        {
            TimeSpan wait;
            try
            {
                return await TryAsync(call, type, limit - _options.Time.GetElapsedTime(began), cancellation);
            }
            catch (Exception failure) when (call.MayRepeat && IsTransient(failure))
            {
                wait = _backOff.Of(attempt, (failure as MillraceProblemException)?.RetryAfter);
                // A repeat that nobody would wait for, or one too many, only burdens the server.
                if (_options.Time.GetElapsedTime(began) + wait >= limit || !_budget.TryTake())
                    throw;
            }

            await Task.Delay(wait, _options.Time, cancellation);
        }
    }

    /// <summary>One attempt to open a stream of events.</summary>
    /// <returns>Null when the server is away, which may be mended by waiting.</returns>
    /// <exception cref="MillraceProblemException">It refuses for good.</exception>
    public async Task<EventStream?> TryOpenAsync(Call call, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.AttemptTimeout, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        HttpResponseMessage? response = null;
        try
        {
            using var request = await NewRequestAsync(call, either.Token);
            response = await SendAsync(request, either.Token);
            if (!response.IsSuccessStatusCode)
                throw Refusal(response, await response.Content.ReadAsByteArrayAsync(either.Token));
            var stream = new EventStream(response, new StreamReader(await response.Content.ReadAsStreamAsync(either.Token)), _options.Time);
            response = null;
            return stream;
        }
        catch (Exception failure) when (IsAway(failure) || (failure is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
        finally
        {
            response?.Dispose();
        }
    }

    /// <summary>Before a stream is opened again.</summary>
    public Task PauseAsync(int failures, CancellationToken cancellation) => Task.Delay(_backOff.Of(failures, null), _options.Time, cancellation);

    private static bool IsTransient(Exception failure) =>
        failure is HttpRequestException or IOException or TimeoutException or MillraceProblemException { IsTransient: true };

    // A call tells of every failure of the server that may last. Whoever follows has nobody to tell, and waits for its end.
    private static bool IsAway(Exception failure) => IsTransient(failure) || failure is MillraceProblemException { Status: 408 or >= 500 };

    private async Task<Answer<T>> TryAsync<T>(Call call, JsonTypeInfo<T> type, TimeSpan left, CancellationToken cancellation)
    {
        var patience = left < _options.AttemptTimeout + call.Wait ? left : _options.AttemptTimeout + call.Wait;
        using var timeout = new CancellationTokenSource(patience > TimeSpan.Zero ? patience : TimeSpan.Zero, _options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellation);
        try
        {
            using var request = await NewRequestAsync(call, either.Token);
            request.Headers.TryAddWithoutValidation("Request-Timeout", Math.Clamp(patience.TotalSeconds, 0.001, 3_600).ToString("0.###", CultureInfo.InvariantCulture));
            using var response = await SendAsync(request, either.Token);
            var body = await response.Content.ReadAsByteArrayAsync(either.Token);
            return (int)response.StatusCode is >= 200 and < 300 or 304 ? Read(response, body, type) : throw Refusal(response, body);
        }
        catch (OperationCanceledException late) when (!cancellation.IsCancellationRequested)
        {
            // An HttpClient that was given, and whoever gives tokens, may have shorter time-outs of their own.
            var what = timeout.IsCancellationRequested
                ? $"The server did not answer within {patience.TotalSeconds:0.###} s."
                : "The HTTP client or the token's provider gave up before the server answered.";
            throw new TimeoutException(what + " Whether it did what was asked is not known: repeat with the same idempotency key.", late);
        }
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation)
    {
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (SocketException broken)
        {
            // .NET 10 tells it as it is when a server closes a connection in the instant in which it was made.
            throw new HttpRequestException(HttpRequestError.ConnectionError, broken.Message, broken);
        }
    }

    private async ValueTask<HttpRequestMessage> NewRequestAsync(Call call, CancellationToken cancellation)
    {
        var token = _options.TokenProvider is { } provider ? await provider(cancellation) : _options.ApiKey;
        var request = call.NewRequest(_server);
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    private static Answer<T> Read<T>(HttpResponseMessage response, byte[] body, JsonTypeInfo<T> type) => new(body.Length == 0 ? default : JsonSerializer.Deserialize(body, type))
    {
        Status = (int)response.StatusCode,
        ETag = Header(response, "ETag"),
        IsReplayed = Header(response, "Idempotent-Replayed") == "true",
        ConsistencyToken = Header(response, "Consistency-Token"),
        RequestId = Header(response, "Request-Id"),
    };

    private MillraceProblemException Refusal(HttpResponseMessage response, byte[] body)
    {
        var after = response.Headers.RetryAfter;
        var wait = after?.Delta ?? (after?.Date - _options.Time.GetUtcNow());
        return new MillraceProblemException(ReadProblem((int)response.StatusCode, body), wait is { } time && time < TimeSpan.Zero ? TimeSpan.Zero : wait);
    }

    private static Problem ReadProblem(int status, byte[] body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body, ClientJson.Default.Problem) is { Code: not null } problem)
                return problem with { Status = status };
        }
        catch (JsonException)
        {
            // The page of a proxy or another program helps nobody: the status is all there is to say.
        }

        return new Problem(null, null, status, "What answered sent no problem document.", $"http_{status}", null);
    }

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString() : null;
}
