using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Engine.ReadModel;

namespace Millrace.Api.Orders.Read;

/// <summary><c>GET /v1/orders/attention</c>: for which reasons orders wait for a person, and how many, from the read model as last checkpointed.</summary>
internal sealed class ListAttention(IReadModel readModel, TimeProvider time)
{
    // A hundred nanoseconds or so each: more would tell nobody anything else.
    private const int MostCounted = 100_000;

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var asOf = time.GetUtcNow().ToUnixTimeMilliseconds();
        var groups = await readModel.ListAttentionAsync(caller.Tenant, MostCounted + 1, http.RequestAborted);
        http.Response.Headers.CacheControl = "private, no-cache";
        await Answer.Json(http, StatusCodes.Status200OK, (groups, asOf), static (w, shown) =>
        {
            w.WriteStartObject();
            w.WriteData(shown.groups, static (w, group) =>
            {
                w.WriteStartObject();
                w.WriteString("code"u8, group.Code);
                w.WriteNumber("orders"u8, Math.Min(group.Orders, MostCounted));
                w.WriteBoolean("has_more"u8, group.Orders > MostCounted);
                w.WriteString("oldest_order"u8, group.Oldest.ToString());
                w.WriteTime("oldest_placed_at"u8, group.Oldest.CreatedAtUnixMs);
                w.WriteString("newest_order"u8, group.Newest.ToString());
                w.WriteTime("newest_placed_at"u8, group.Newest.CreatedAtUnixMs);
                w.WriteEndObject();
            });
            w.WriteTime("as_of"u8, shown.asOf);
            w.WriteEndObject();
        });
    }
}
