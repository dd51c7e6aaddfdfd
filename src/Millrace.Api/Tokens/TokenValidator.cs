using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Millrace.Api.Keys;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Tokens;

/// <summary>
/// Callers by the signed tokens (JWT) of an OpenID Connect issuer: people at a console, programs of a company that has one. Thread-safe. Tokens act for a
/// tenant; what all tenants share is operated with API keys, whatever an issuer says.
/// </summary>
internal sealed partial class TokenValidator(TokenOptions options, TimeProvider time, ILogger<TokenValidator> logger) : IDisposable
{
    private const string Scheme = "Bearer ";
    private const int MostLength = 8_192;
    private const int MostNameLength = 128;

    // Tokens of one tenant share a rate: their subjects are without number.
    private const string LimitName = "tokens";
    // Not to be taken for somebody at the command line.
    private const string ActorPrefix = "oidc:";
    private static readonly TimeSpan Skew = TimeSpan.FromSeconds(60);

    // How much longer a token may pass whose key the issuer has withdrawn.
    private static readonly TimeSpan MostAge = TimeSpan.FromSeconds(60);

    // Signatures that only the issuer can make: no shared secrets, and never none.
    private static readonly string[] Algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];
    private readonly SigningKeys _keys = new(options, time);
    private readonly JsonWebTokenHandler _handler = new() { MapInboundClaims = false, MaximumTokenSizeInBytes = MostLength };
    private readonly RecentHeaders<Valid> _recent = new();

    /// <summary>The caller of a header that was checked a short while ago; null for any other.</summary>
    public Caller? FindKnown(string header) => _recent.Find(header) is { } valid && time.GetUtcNow() < valid.Until ? valid.Caller : null;

    /// <returns>Null when the header holds no good token.</returns>
    /// <exception cref="IssuerUnavailableException">Whether it is good cannot be told now.</exception>
    public async ValueTask<Caller?> ValidateAsync(string header, CancellationToken cancellation)
    {
        if (!header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) || header.Length > Scheme.Length + MostLength)
            return null;
        var token = header[Scheme.Length..];
        if (!_handler.CanReadToken(token))
            return null;
        var result = await ValidateAsync(token, isNewWanted: false, cancellation);
        if (result.Exception is SecurityTokenSignatureKeyNotFoundException)
            result = await ValidateAsync(token, isNewWanted: true, cancellation);
        if (!result.IsValid || CallerOf((JsonWebToken)result.SecurityToken) is not { } caller)
        {
            // The kind of the failure only: a token is a secret, and so may be what is in it.
            Refused(logger, result.Exception?.GetType().Name ?? "no tenant or subject");
            return null;
        }

        // The earlier first: the other may be the end of time.
        var until = Min(new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero), time.GetUtcNow() + MostAge - Skew) + Skew;
        _recent.Add(header, new Valid(caller, until));
        return caller;
    }

    public void Dispose() => _keys.Dispose();

    private async Task<TokenValidationResult> ValidateAsync(string token, bool isNewWanted, CancellationToken cancellation)
    {
        var issuer = await _keys.GetAsync(isNewWanted, cancellation) ?? throw new IssuerUnavailableException(_keys.Failure);
        return await _handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = issuer.Issuer,
            ValidAudience = options.Audience,
            IssuerSigningKeys = issuer.SigningKeys,
            ValidAlgorithms = Algorithms,
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            LifetimeValidator = (from, to, _, _) => IsNow(from, to),
            // One that names its key is checked with no other.
            TryAllIssuerSigningKeys = false,
        });
    }

    private bool IsNow(DateTime? from, DateTime? to)
    {
        var now = time.GetUtcNow().UtcDateTime;
        // The skew on our side: theirs may be the end of time.
        return to is { } end && now - Skew < end && !(from > now + Skew);
    }

    private Caller? CallerOf(JsonWebToken token)
    {
        var name = token.Subject is { Length: > 0 } subject ? subject : token.TryGetValue<string>("client_id", out var client) ? client : null;
        if (name is null or { Length: 0 or > MostNameLength } || name.Any(char.IsControl))
            return null;
        // An ID token says to a client who somebody is; it is not meant to open anything.
        if (token.TryGetClaim("nonce", out _) || token.TryGetClaim("at_hash", out _))
            return null;
        if (!token.TryGetValue<string>(options.TenantClaim, out var merchant) || !TenantId.TryParse(merchant, out var tenant))
            return null;
        var words = token.Claims.Where(claim => claim.Type is "scope" or "scp" or "roles").SelectMany(claim => claim.Value.Split(' '));
        var scopes = Scopes.None;
        foreach (var word in words)
        {
            // An issuer's own words, such as openid, are none of ours.
            if (ScopeNames.TryParse([word], out var scope))
                scopes |= scope;
        }

        return new Caller(tenant, new Actor(ActorKind.Operator, ActorPrefix + name), scopes & ~Scopes.SystemOperate, LimitName);
    }

    private static DateTimeOffset Min(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    [LoggerMessage(1, LogLevel.Information, "A token was refused: {Reason}.")]
    private static partial void Refused(ILogger logger, string reason);

    private sealed record Valid(Caller Caller, DateTimeOffset Until);
}

/// <summary>The issuer of tokens has never been reached.</summary>
internal sealed class IssuerUnavailableException(string? reason) : Exception(reason);
