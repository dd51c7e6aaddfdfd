using System.Net.Sockets;
using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Millrace.Api.Tokens;

/// <summary>
/// An issuer's metadata with its signing keys: read at first use, from then on every minute, and when a token names a key that is not among them, but
/// not within five seconds of the last reading. One reading at a time, for all who wait, and by nobody's patience but its own. Thread-safe.
/// </summary>
internal sealed class SigningKeys : IDisposable
{
    // A key that somebody has stolen, and its issuer withdrawn, opens for as long. By a timer, and not by the next token: after a quiet hour that would be the thief's.
    // It costs a node two small requests.
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly TokenOptions _options;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly HttpClient _http;
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _renewal;
    private volatile OpenIdConnectConfiguration? _known;
    private Task _reading = Task.CompletedTask;
    private long _endedAt;

    public SigningKeys(TokenOptions options, TimeProvider time, HttpMessageHandler? connections = null)
    {
        (_options, _time) = (options, time);
        _http = new HttpClient(connections ?? new SocketsHttpHandler()) { MaxResponseContentBufferSize = 1 << 20 };
        _renewal = time.CreateTimer(_ => Renew(), null, Every, Every);
    }

    /// <summary>Why it could not be read the last time that it could not.</summary>
    public string? Failure { get; private set; }

    /// <param name="isNewWanted">What is known did not do.</param>
    /// <param name="cancellation">Gives up waiting, not reading.</param>
    /// <returns>Null when the issuer could not be reached, ever.</returns>
    public async ValueTask<OpenIdConnectConfiguration?> GetAsync(bool isNewWanted, CancellationToken cancellation)
    {
        // The keys of an issuer that is away, or slow, are still its keys.
        if (_known is { } known && !isNewWanted)
            return known;
        await Read().WaitAsync(cancellation);
        return _known;
    }

    public void Dispose()
    {
        _renewal.Dispose();
        _closing.Cancel();
        _http.Dispose();
        _closing.Dispose();
    }

    private void Renew()
    {
        if (_known is not null && !_closing.IsCancellationRequested)
            _ = Read();
    }

    /// <summary>Whoever comes during a reading, or shortly after, has that one.</summary>
    private Task Read()
    {
        lock (_lock)
        {
            if (_reading.IsCompleted && (_endedAt == 0 || _time.GetElapsedTime(_endedAt) >= LeastAge))
                _reading = Task.Run(ReadAsync);
            return _reading;
        }
    }

    private async Task ReadAsync()
    {
        using var limit = new CancellationTokenSource(Patience, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _closing.Token);
        try
        {
            var address = _options.Issuer.ToString().TrimEnd('/') + "/.well-known/openid-configuration";
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(address, new Documents(_http, _options.Issuer.IsLoopback), either.Token);
            // OpenID Connect Discovery 4.3: else one issuer could speak for another.
            if (configuration.Issuer?.TrimEnd('/') != _options.Issuer.ToString().TrimEnd('/'))
                throw new InvalidOperationException($"The metadata at {address} is of another issuer.");
            _known = configuration;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or HttpRequestException or SocketException or ArgumentException or System.Text.Json.JsonException or OperationCanceledException)
        {
            Failure = e.Message;
        }
        finally
        {
            lock (_lock)
                _endedAt = _time.GetTimestamp();
        }
    }

    // The library's own gives up by no token.
    private sealed class Documents(HttpClient http, bool mayBePlain) : IDocumentRetriever
    {
        public Task<string> GetDocumentAsync(string address, CancellationToken cancel) =>
            mayBePlain || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase)
                ? http.GetStringAsync(address, cancel)
                : throw new InvalidOperationException($"{address} is not https.");
    }
}
