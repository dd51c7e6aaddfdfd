using Microsoft.IdentityModel.Protocols;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;

namespace Millrace.Api.Tokens;

/// <summary>
/// An issuer's metadata with its signing keys: read at first use, again every hour, and at once when a token names a key that is not among them, but
/// not more than once in five seconds for that. Thread-safe.
/// </summary>
internal sealed class SigningKeys(TokenOptions options, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan MostAge = TimeSpan.FromHours(1);
    private static readonly TimeSpan LeastAge = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly HttpClient _http = new() { Timeout = Patience, MaxResponseContentBufferSize = 1 << 20 };
    private volatile Known? _known;
    private long _askedAt;

    /// <param name="isNewWanted">What is known did not do.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>Null when the issuer could not be reached, ever.</returns>
    public async ValueTask<OpenIdConnectConfiguration?> GetAsync(bool isNewWanted, CancellationToken cancellation)
    {
        var known = _known;
        if (known is not null && !isNewWanted && time.GetElapsedTime(known.ReadAt) < MostAge)
            return known.Configuration;
        await _turn.WaitAsync(cancellation);
        try
        {
            // Whoever waited finds what the first of them has read.
            if (_askedAt == 0 || time.GetElapsedTime(_askedAt) >= LeastAge)
                await ReadAsync(cancellation);
            return _known?.Configuration;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Dispose()
    {
        _http.Dispose();
        _turn.Dispose();
    }

    private async Task ReadAsync(CancellationToken cancellation)
    {
        _askedAt = time.GetTimestamp();
        try
        {
            var address = options.Issuer.ToString().TrimEnd('/') + "/.well-known/openid-configuration";
            var documents = new HttpDocumentRetriever(_http) { RequireHttps = !options.Issuer.IsLoopback };
            var configuration = await OpenIdConnectConfigurationRetriever.GetAsync(address, documents, cancellation);
            // OpenID Connect Discovery 4.3: else one issuer could speak for another.
            if (configuration.Issuer?.TrimEnd('/') != options.Issuer.ToString().TrimEnd('/'))
                throw new InvalidOperationException($"The metadata at {address} is of another issuer.");
            _known = new Known(configuration, time.GetTimestamp());
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or HttpRequestException or ArgumentException or System.Text.Json.JsonException
                                      || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            // What is known goes on to hold: the keys of an issuer that is away are still its keys.
            Failure = e.Message;
        }
    }

    /// <summary>Why it could not be read the last time that it could not.</summary>
    public string? Failure { get; private set; }

    private sealed record Known(OpenIdConnectConfiguration Configuration, long ReadAt);
}
