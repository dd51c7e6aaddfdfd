using Millrace.Api.Documentation;
using Millrace.Api.Keys;

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
        Map(method, pattern, access.Require(doc.Scope, handle), doc);

    /// <summary>Without an API key.</summary>
    public void MapOpen(string method, string pattern, RequestDelegate handle, EndpointDocument doc) =>
        Map(method, pattern, handle, doc with { IsOpen = true });

    // The method's presence is what makes the framework describe an endpoint.
    private void Map(string method, string pattern, RequestDelegate handle, EndpointDocument doc)
    {
        app.MapMethods(pattern, [method], handle).WithMetadata(handle.Method, doc).WithTags(doc.Tag);
        // RFC 9110, 9.3.2: what can be got can be asked for without its body. A stream is nothing else.
        if (method == HttpMethods.Get && doc.StreamOf is null)
            app.MapMethods(pattern, [HttpMethods.Head], handle).WithMetadata(doc).ExcludeFromDescription();
    }
}
