using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;

namespace Millrace.Api.Items;

/// <summary><c>GET /v1/items</c>: the tenant's catalog by SKU, from the read model as last checkpointed.</summary>
internal sealed class ListItems(IStockPages stock, TimeProvider time)
{
    private const int MaxLimit = 200;
    private const int DefaultLimit = 50;

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        if (Read(http.Request.Query, out var prefix, out var after, out var limit) is { } problem)
        {
            await Answer.Problem(http, problem);
            return;
        }

        var asOf = time.GetUtcNow().ToUnixTimeMilliseconds();
        // One more says whether there is another page.
        var rows = await stock.ListItemsAsync(caller.Tenant, prefix, after, limit + 1, http.RequestAborted);
        var items = rows.Take(limit).Select(row => StockEventCodec.ReadItem(row.Tenant, row.Sku, row.Document.Span)).ToList();
        var cursor = rows.Count > limit ? ItemCursor.Write(items[^1].Sku) : null;
        http.Response.Headers.CacheControl = "private, no-cache";
        if (cursor is not null)
            http.Response.Headers.Link = $"</v1/items{new QueryBuilder(http.Request.Query.Where(p => p.Key != "cursor")) { { "cursor", cursor } }.ToQueryString()}>; rel=\"next\"";
        await Answer.Json(http, StatusCodes.Status200OK, (items, cursor, asOf), static (w, page) =>
        {
            w.WriteStartObject();
            w.WriteData(page.items, ItemJson.Write);
            w.WriteNext(page.cursor);
            w.WriteTime("as_of"u8, page.asOf);
            w.WriteEndObject();
        });
    }

    private static Problem? Read(IQueryCollection query, out string prefix, out string? after, out int limit)
    {
        (prefix, after, limit) = ("", null, DefaultLimit);
        foreach (var (name, values) in query)
        {
            var value = values.Count == 1 ? values[0] ?? "" : "";
            switch (name)
            {
                case "prefix" when ItemBody.IsSku(value): prefix = value; break;
                case "prefix": return Refuse("prefix is 1 to 64 characters of printable ASCII.");
                case "cursor" when ItemCursor.TryRead(value, out var last): after = last; break;
                case "cursor": return new Problem(ProblemKinds.InvalidCursor, "The cursor is not from this list.");
                case "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit: break;
                case "limit": return Refuse($"limit is 1 to {MaxLimit}.");
                default: return Refuse("There are prefix, limit and cursor.");
            }
        }

        return null;
    }

    private static Problem Refuse(string rule) => new(ProblemKinds.InvalidParameter, rule);
}
