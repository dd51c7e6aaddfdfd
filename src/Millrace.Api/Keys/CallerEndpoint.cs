using Millrace.Api.Edge;
using Millrace.Api.Orders.Rendering;

namespace Millrace.Api.Keys;

/// <summary><c>/v1/caller</c>: what the credentials of a request are good for. Any that are live may ask.</summary>
internal static class CallerEndpoint
{
    public static Task HandleAsync(HttpContext http, Caller caller)
    {
        http.Response.Headers.CacheControl = "private, no-store";
        return Answer.Json(http, StatusCodes.Status200OK, caller, static (w, c) =>
        {
            w.WriteStartObject();
            w.WriteString("tenant"u8, c.Tenant.Value);
            w.WriteStartObject("actor"u8);
            w.WriteString("kind"u8, OrderNames.Of(c.Actor.Kind));
            w.WriteString("name"u8, c.Actor.Name);
            w.WriteEndObject();
            w.WriteStartArray("scopes"u8);
            foreach (var name in ScopeNames.Of(c.Scopes))
                w.WriteStringValue(name);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }
}
