using Millrace.Api.Edge;
using Millrace.Api.Limits;
using Millrace.Api.Problems;
using Millrace.Engine.Journal;

namespace Millrace.Api.Keys;

/// <summary>What an endpoint does for a caller who may use it.</summary>
internal delegate Task Authorized(HttpContext http, Caller caller);

/// <summary>Lets a request in by its API key, the limits of key and tenant, and the key's scopes.</summary>
internal sealed class Access(ApiKeyStore keys, RateLimits limits, ApiMetrics metrics)
{
    /// <summary>Wraps an endpoint: no middleware, no principal, nothing allocated for a caller who is known and may pass.</summary>
    public RequestDelegate Require(Scopes scope, Authorized handle) => http =>
    {
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } text)
            return Unauthenticated(http);
        return keys.FindKnown(text) is { } key ? Admit(http, key.Caller, scope, handle) : AskAsync(http, text, scope, handle);
    };

    public static Problem Lacks(Scopes scope) =>
        new(ProblemKinds.InsufficientScope, $"The scope {string.Join(' ', ScopeNames.Of(scope))} is needed.");

    private async Task AskAsync(HttpContext http, string header, Scopes scope, Authorized handle)
    {
        ApiKey? key;
        try
        {
            key = await keys.FindAsync(header, http.RequestAborted);
        }
        catch (StoreUnavailableException)
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "Whether the key is live cannot be told now."));
            return;
        }

        await (key is null ? Unauthenticated(http) : Admit(http, key.Caller, scope, handle));
    }

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
        http.Response.Headers.WWWAuthenticate = "Bearer realm=\"millrace\"";
        return Answer.Problem(http, new Problem(ProblemKinds.Unauthenticated, "Send Authorization: Bearer with a live API key."));
    }
}
