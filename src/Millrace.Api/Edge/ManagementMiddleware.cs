using Millrace.Api.Problems;

namespace Millrace.Api.Edge;

/// <summary>The management listener has probes and metrics, and nothing that a key opens: it may speak plain HTTP where the API must not.</summary>
internal sealed class ManagementMiddleware(RequestDelegate next, IReadOnlySet<int> ports)
{
    private static readonly string[] Paths = ["/livez", "/readyz", "/startupz", "/metrics"];

    public Task InvokeAsync(HttpContext http) =>
        !ports.Contains(http.Connection.LocalPort) || Array.Exists(Paths, path => http.Request.Path.Equals(path, StringComparison.OrdinalIgnoreCase))
            ? next(http)
            : Answer.Problem(http, new Problem(ProblemKinds.NotFound, "No resource has this address."));
}
