using Millrace.Api.Edge;
using Millrace.Api.Limits;
using Millrace.Api.Problems;
using Millrace.Api.Tokens;
using Millrace.Engine.Journal;

namespace Millrace.Api.Keys;

/// <summary>What an endpoint does for a caller who may use it.</summary>
internal delegate Task Authorized(HttpContext http, Caller caller);

/// <summary>Lets a request in by its API key or token, the limits of key and tenant, and the key's scopes.</summary>
internal sealed class Access(ApiKeyStore keys, TokenValidator? tokens, RateLimits limits, ApiMetrics metrics)
{
    /// <summary>Wraps an endpoint: no middleware, no principal, nothing allocated for a caller who is known and may pass.</summary>
    public RequestDelegate Require(Scopes scope, Authorized handle) => http =>
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } text)
            return Unauthenticated(http);
        return (keys.FindKnown(text)?.Caller ?? tokens?.FindKnown(text)) is { } caller ? Admit(http, caller, scope, handle) : AskAsync(http, text, scope, handle);
    };

    /// <summary>Whether a request that was let in would still be: for answers that go on for minutes. True also while that cannot be told.</summary>
    public async ValueTask<bool> IsStillGoodAsync(HttpContext http, Caller caller, CancellationToken cancellation)
    {
        try
        {
            return await FindAsync(http.Request.Headers.Authorization.ToString(), cancellation) is { } now && now.Tenant == caller.Tenant && now.Scopes == caller.Scopes;
        }
        catch (Exception away) when (IsAway(away))
        {
            return true;
        }
    }

    public static Problem Lacks(Scopes scope) =>
        new(ProblemKinds.InsufficientScope, $"The scope {string.Join(' ', ScopeNames.Of(scope))} is needed.");

    private async Task AskAsync(HttpContext http, string header, Scopes scope, Authorized handle)
    {
        Caller? caller;
        try
        {
            caller = await FindAsync(header, http.RequestAborted);
        }
        catch (Exception away) when (IsAway(away))
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "Whether the key or token is good cannot be told now."));
            return;
        }

        await (caller is null ? Unauthenticated(http) : Admit(http, caller, scope, handle));
    }

    private async ValueTask<Caller?> FindAsync(string header, CancellationToken cancellation) => tokens is null || ApiKeyStore.IsKey(header)
        ? (await keys.FindAsync(header, cancellation))?.Caller
        : await tokens.ValidateAsync(header, cancellation);

    private static bool IsAway(Exception fault) => fault is StoreUnavailableException or IssuerUnavailableException or InvalidDataException;

    private Task Admit(HttpContext http, Caller caller, Scopes scope, Authorized handle)
    {
        if (limits.Take(http, caller) is { } exceeded)
        {
            metrics.Limited();
            return Answer.Problem(http, exceeded);
        }

        return caller.Allows(scope) ? handle(http, caller) : Answer.Problem(http, Lacks(scope));
    }

    private static Task Unauthenticated(HttpContext http)
    {
        // RFC 6750: why is said only of credentials that were sent.
        http.Response.Headers.WWWAuthenticate = http.Request.Headers.Authorization.Count == 0 ? "Bearer realm=\"millrace\"" : "Bearer realm=\"millrace\", error=\"invalid_token\"";
        return Answer.Problem(http, new Problem(ProblemKinds.Unauthenticated, "Send Authorization: Bearer with a live API key, or a token of the issuer that this server accepts."));
    }
}
