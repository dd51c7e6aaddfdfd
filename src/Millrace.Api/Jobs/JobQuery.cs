using System.Text.Json.Serialization;
using Microsoft.Extensions.Primitives;
using Millrace.Api.Orders.Read;
using Millrace.Domain.Identity;

namespace Millrace.Api.Jobs;

/// <summary>Which orders a job is about: the filters of <c>GET /v1/orders</c>, as its parameters write them. Every one that is set must hold.</summary>
internal sealed record JobQuery(string? Status, string? Customer, string? ExternalId, string? Sku, string? CreatedAfter, bool? Attention, string? AttentionCode = null)
{
    /// <summary>Those that leave orders out: an attention of false leaves out none.</summary>
    [JsonIgnore]
    public IEnumerable<(string Name, string Value)> Filters
    {
        get
        {
            (string Name, string? Value)[] all =
            [
                ("status", Status), ("customer", Customer), ("external_id", ExternalId), ("sku", Sku), ("created_after", CreatedAfter),
                ("attention", Attention == true ? "true" : null), ("attention_code", AttentionCode),
            ];
            return all.Where(filter => filter.Value is not null).Select(filter => (filter.Name, filter.Value!));
        }
    }

    /// <summary>The list that it is.</summary>
    /// <exception cref="InvalidDataException">It was stored by another version, whose filters this one does not know.</exception>
    public OrderListQuery ToList(TenantId tenant)
    {
        var parameters = new QueryCollection(Filters.ToDictionary(filter => filter.Name, filter => new StringValues(filter.Value), StringComparer.Ordinal));
        return OrderListQuery.Read(parameters, tenant, out var list) is { } problem ? throw new InvalidDataException(problem.Detail) : list;
    }
}
