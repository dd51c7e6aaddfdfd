using System.Globalization;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;

namespace Millrace.Api.Stock;

/// <summary><c>GET /v1/stock/demand</c>: the items that the orders of the last minutes ask for most, at the asked node.</summary>
internal sealed class DemandEndpoint(ItemDemand demand, TimeProvider time)
{
    private const int MaxLimit = ItemDemand.MostItems;
    private const int DefaultLimit = 50;

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var limit = DefaultLimit;
        foreach (var (name, values) in http.Request.Query)
        {
            if (name != "limit" || values.Count != 1 || !int.TryParse(values[0], NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit is < 1 or > MaxLimit)
            {
                await Answer.Problem(http, new Problem(ProblemKinds.InvalidParameter, $"There is limit, 1 to {MaxLimit}."));
                return;
            }
        }

        if (demand.Top(caller.Tenant, limit) is not var (items, since))
        {
            await Answer.Problem(http, new Problem(ProblemKinds.Unavailable, "The node counts the demand of as many merchants as it can; ask again in some minutes."));
            return;
        }

        http.Response.Headers.CacheControl = "no-store";
        await Answer.Json(http, StatusCodes.Status200OK, (items, since, now: time.GetUtcNow()), static (w, shown) =>
        {
            w.WriteStartObject();
            w.WriteData(shown.items, static (w, item) =>
            {
                w.WriteStartObject();
                w.WriteString("sku"u8, item.Key);
                w.WriteNumber("lines"u8, item.Times);
                w.WriteNumber("units"u8, item.Units);
                w.WriteNumber("units_at_most"u8, item.MostUnits);
                w.WriteEndObject();
            });
            w.WriteTime("since"u8, shown.since.ToUnixTimeMilliseconds());
            w.WriteTime("as_of"u8, shown.now.ToUnixTimeMilliseconds());
            w.WriteEndObject();
        });
    }
}
