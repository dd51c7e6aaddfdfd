using Millrace.Api.Edge;
using Millrace.Api.Problems;

namespace Millrace.Api.Keys;

/// <summary>What an endpoint does for a caller who may use it.</summary>
internal delegate Task Authorized(HttpContext http, ApiKey key);

/// <summary>Lets a request in by its API key and the key's scopes.</summary>
internal sealed class Access(ApiKeyStore keys)
{
    /// <summary>Wraps an endpoint: no middleware, no principal, nothing allocated for a caller who may pass.</summary>
    public RequestDelegate Require(Scopes scope, Authorized handle) => http =>
    {
        if (Find(http.Request) is not { } key)
            return Unauthenticated(http);
        return key.Allows(scope) ? handle(http, key) : Answer.Problem(http, Lacks(scope));
    };

    public static Problem Lacks(Scopes scope) =>
        new(ProblemKinds.InsufficientScope, $"The scope {string.Join(' ', ScopeNames.Of(scope))} is needed.");

    private ApiKey? Find(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        return header.Count == 1 && header[0] is { } text ? keys.FindByHeader(text) : null;
    }

    private static Task Unauthenticated(HttpContext http)
    {
        http.Response.Headers.WWWAuthenticate = "Bearer realm=\"millrace\"";
        return Answer.Problem(http, new Problem(ProblemKinds.Unauthenticated, "Send Authorization: Bearer with a live API key."));
    }
}
