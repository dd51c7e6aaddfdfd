using System.Globalization;
using Microsoft.AspNetCore.Http.Extensions;
using Millrace.Api.Edge;
using Millrace.Api.Orders.Rendering;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Read;

/// <summary>What <c>GET /v1/orders</c> is asked for.</summary>
internal sealed record OrderListQuery
{
    public const int MaxLimit = 200;
    private const int DefaultLimit = 50;
    private static readonly string[] Filters = ["status", "customer", "external_id", "idempotency_key", "sku", "created_after", "attention", "attention_code", "dismissed"];

    public OrderStatus? Status { get; private init; }

    public string? Customer { get; private init; }

    public string? ExternalId { get; private init; }

    /// <summary>Of the idempotency key that it was placed with.</summary>
    public UInt128? KeyHash { get; private init; }

    public string? Sku { get; private init; }

    public long? CreatedAfterUnixMs { get; private init; }

    public bool NeedsAttention { get; private init; }

    /// <summary>Of those that need attention, those that do for this reason.</summary>
    public string? AttentionCode { get; private init; }

    /// <summary>Of those that need attention, the dismissed ones instead of the others.</summary>
    public bool IsDismissed { get; private init; }

    public int Limit { get; init; } = DefaultLimit;

    public OrderId? Before { get; init; }

    /// <summary>Tenant and filters as text: what a cursor belongs to.</summary>
    public string List { get; private init; } = "";

    /// <returns>Null when <paramref name="query"/> is good.</returns>
    public static Problem? Read(IQueryCollection parameters, TenantId tenant, out OrderListQuery query)
    {
        query = new OrderListQuery { List = ListOf(parameters, tenant) };
        foreach (var (name, values) in parameters)
        {
            if (values.Count != 1 || values[0] is not { Length: > 0 and <= 256 } value)
                return Refuse(name, "is given once, and not empty");
            // In no order, and a database may have none of them.
            if (name != "cursor" && value.Any(char.IsControl))
                return Refuse(name, "has no control characters");
            var problem = ReadOne(name, value, tenant, ref query);
            if (problem is not null)
                return problem;
        }

        return query.IsDismissed && !query.NeedsAttention ? Refuse("dismissed", "goes with attention=true") : null;
    }

    /// <summary>Address of the next page.</summary>
    public static string NextUrl(IQueryCollection parameters, string cursor)
    {
        var next = new QueryBuilder(parameters.Where(p => p.Key != "cursor")) { { "cursor", cursor } };
        return "/v1/orders" + next.ToQueryString();
    }

    private static Problem? ReadOne(string name, string value, TenantId tenant, ref OrderListQuery query)
    {
        switch (name)
        {
            case "status" when OrderNames.TryStatus(value, out var status): query = query with { Status = status }; return null;
            case "status": return Refuse(name, "is pending, confirmed, completed, rejected, expired or canceled");
            case "customer": query = query with { Customer = value }; return null;
            case "external_id": query = query with { ExternalId = value }; return null;
            case "idempotency_key": query = query with { KeyHash = NameHash.PlaceKey(tenant, value) }; return null;
            case "sku": query = query with { Sku = value }; return null;
            case "created_after" when Rfc3339.TryParse(value, out var unixMs): query = query with { CreatedAfterUnixMs = unixMs }; return null;
            case "created_after": return Refuse(name, "is a time of RFC 3339");
            case "attention" when value is "true" or "false": query = query with { NeedsAttention = value == "true" || query.AttentionCode is not null }; return null;
            case "attention": return Refuse(name, "is true or false");
            case "attention_code": query = query with { AttentionCode = value, NeedsAttention = true }; return null;
            case "dismissed" when value is "true" or "false": query = query with { IsDismissed = value == "true" }; return null;
            case "dismissed": return Refuse(name, "is true or false");
            case "limit" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= MaxLimit: query = query with { Limit = limit }; return null;
            case "limit": return Refuse(name, $"is 1 to {MaxLimit}");
            case "cursor" when OrderCursor.TryRead(value, query.List, out var before): query = query with { Before = before }; return null;
            case "cursor": return new Problem(ProblemKinds.InvalidCursor, "The cursor is not from this list: keep the filters while turning pages.");
            default: return Refuse(name.Length <= 32 ? name : name[..32], "is not a parameter of this list");
        }
    }

    private static string ListOf(IQueryCollection parameters, TenantId tenant) =>
        string.Join('&', Filters.Where(parameters.ContainsKey).Select(f => $"{f}={parameters[f]}").Prepend(tenant.Value));

    private static Problem Refuse(string name, string rule) => new(ProblemKinds.InvalidParameter, $"The parameter {name} {rule}.");
}
