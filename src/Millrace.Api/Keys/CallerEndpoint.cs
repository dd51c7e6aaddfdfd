using Millrace.Api.Edge;
using Millrace.Api.Json;

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
            w.WriteActor("actor"u8, c.Actor);
            w.WriteStartArray("scopes"u8);
            foreach (var name in ScopeNames.Of(c.Scopes))
                w.WriteStringValue(name);
            w.WriteEndArray();
            w.WriteEndObject();
        });
    }
}
