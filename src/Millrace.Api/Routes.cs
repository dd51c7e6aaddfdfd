using Millrace.Api.Documentation;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;

namespace Millrace.Api;

/// <summary>Maps endpoints. Plain request delegates: the framework binds nothing, so nothing fails outside our one way of refusing.</summary>
internal sealed class Routes(IEndpointRouteBuilder app, Access access)
{
    private static readonly (string, string, bool)[] KeyHeader =
        [("Idempotency-Key", "A new one for each intent, the same for its repeats.", true)];

    /// <summary>A change needs an idempotency key.</summary>
    public void Post(string pattern, Authorized handle, EndpointDocument doc, params (string, string, bool)[] headers) =>
        Map("POST", pattern, handle, doc with { Headers = [.. KeyHeader, .. headers] });

    public void Map(string method, string pattern, Authorized handle, EndpointDocument doc) =>
        Map(method, pattern, access.Require(doc.Scope, OnlyWith(doc, handle)), doc);

    /// <summary>Without an API key. Parameters are let be: such addresses go from hand to hand, and gather some on their way.</summary>
    public void MapOpen(string method, string pattern, RequestDelegate handle, EndpointDocument doc) =>
        Map(method, pattern, handle, doc with { IsOpen = true });

    // A filter, or a wish such as dry_run, that nobody heeds must not look like one that was.
    private static Authorized OnlyWith(EndpointDocument doc, Authorized handle)
    {
        var names = doc.Query.Select(parameter => parameter.Name).ToHashSet(StringComparer.Ordinal);
        var refusal = new Problem(ProblemKinds.InvalidParameter, names.Count == 0 ? "It has no parameters." : $"Its parameters are {string.Join(", ", names)}.");
        return (http, caller) => http.Request.QueryString.HasValue && !http.Request.Query.Keys.All(names.Contains) ? Answer.Problem(http, refusal) : handle(http, caller);
    }

    // The method's presence is what makes the framework describe an endpoint.
    private void Map(string method, string pattern, RequestDelegate handle, EndpointDocument doc)
    {
        app.MapMethods(pattern, [method], handle).WithMetadata(handle.Method, doc).WithTags(doc.Tag);
        // RFC 9110, 9.3.2: what can be got can be asked for without its body. A stream is nothing else.
        if (method == HttpMethods.Get && doc.StreamOf is null)
            app.MapMethods(pattern, [HttpMethods.Head], handle).WithMetadata(doc).ExcludeFromDescription();
    }
}
