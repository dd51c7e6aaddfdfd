using System.Text.Json.Serialization;

namespace Millrace.Client.Jobs;

/// <summary>Which orders: the filters of the list of orders. All that is given must hold, and something is given.</summary>
/// <param name="Status">One of <see cref="Orders.OrderStatus"/>.</param>
/// <param name="ExternalId">The merchant's own number: at most one order has it.</param>
/// <param name="Sku">An item in the order.</param>
/// <param name="CreatedAfter">Inclusive. One of long ago means all orders.</param>
/// <param name="Attention">Only orders that wait for a person.</param>
/// <param name="AttentionCode">Only orders that wait for a person for this reason.</param>
public sealed record JobQuery(
    string? Status = null, string? Customer = null, string? ExternalId = null, string? Sku = null, DateTimeOffset? CreatedAfter = null, bool? Attention = null,
    string? AttentionCode = null);

/// <summary>Something to do with every order that matches.</summary>
/// <param name="Action"><c>cancel</c>, <c>retry</c>, <c>hold</c> or <c>release</c>.</param>
/// <param name="Reason">Noted with each order.</param>
/// <param name="Rate">Most orders a second, 1 to 100; 10 when null.</param>
/// <param name="Limit">Most orders at all, up to 100,000; 10,000 when null.</param>
public sealed record NewJob(string Action, JobQuery Query, string? Reason = null, int? Rate = null, int? Limit = null);

/// <summary>A job, and how far it is.</summary>
/// <param name="Status"><c>running</c>, <c>paused</c>, <c>canceled</c>, <c>failed</c> or <c>done</c>.</param>
/// <param name="Total">How many orders matched when it began, up to the limit; null while that is not known.</param>
/// <param name="Processed">Orders whose results are kept: the sum of the four that follow.</param>
/// <param name="Unchanged">It was so already.</param>
/// <param name="Refused">The order's rules said no.</param>
/// <param name="Skipped">The order did not match any more, or had nothing to release.</param>
public sealed record Job(
    string Id, string Status, string Action, JobQuery Query, string? Reason, int Rate, int Limit, Actor StartedBy,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt, DateTimeOffset? EndedAt,
    int? Total, int Processed, int Changed, int Unchanged, int Refused, int Skipped)
{
    /// <summary>It does nothing more by itself, and cannot be resumed.</summary>
    [JsonIgnore]
    public bool IsOver => Status is "canceled" or "done";
}

/// <summary>What became of an order of a job.</summary>
/// <param name="Outcome"><c>changed</c>, <c>unchanged</c>, <c>refused</c> or <c>skipped</c>.</param>
/// <param name="Code">Why it was refused or skipped.</param>
public sealed record JobResult(string Order, string Outcome, string? Code);
