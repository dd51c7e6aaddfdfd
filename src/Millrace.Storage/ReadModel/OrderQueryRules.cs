using Millrace.Engine.ReadModel;

namespace Millrace.Storage.ReadModel;

/// <summary>What every store takes a query to mean.</summary>
internal static class OrderQueryRules
{
    public const int MostRows = 1000;

    public static void Validate(this OrderQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        ArgumentOutOfRangeException.ThrowIfLessThan(query.Limit, 1, nameof(query));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(query.Limit, MostRows, nameof(query));
        ArgumentOutOfRangeException.ThrowIfLessThan(query.ScanLimit, 1, nameof(query));
    }

    /// <summary>Every condition but the range of ids.</summary>
    public static bool Matches(this OrderQuery query, in OrderRow row) =>
        (query.Tenant is null || row.Tenant == query.Tenant)
        && (query.Status is null || row.Status == query.Status)
        && (query.CustomerId is null || string.Equals(row.CustomerId, query.CustomerId, StringComparison.Ordinal))
        && (!query.NeedsAttention || row.Attention is not null)
        && (query.AttentionCode is null || string.Equals(row.Attention, query.AttentionCode, StringComparison.Ordinal));
}
