using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Reconciliation;

/// <summary>Money, in minor units of its currency.</summary>
public sealed record Money(long Amount, string Currency);

/// <summary>How far the comparison of orders with the payment provider's record is.</summary>
/// <param name="Enabled">There is a provider whose record can be read.</param>
/// <param name="Node">The node that compares; null before any did.</param>
/// <param name="AsOf">When it told of this.</param>
/// <param name="OrdersReadAt">When all that orders tell was last read.</param>
/// <param name="ProviderReadAt">When all that the provider tells was last read.</param>
/// <param name="Matched">Operations that both tell of alike.</param>
/// <param name="LookedUp">Operations that took a look at both sides.</param>
/// <param name="Unsettled">Operations that one side has told of and the other has not yet.</param>
/// <param name="Trouble">Why it does not go on; null when it does.</param>
/// <param name="Open">Breaks that are open.</param>
/// <param name="OpenByKind">The same, of each kind.</param>
/// <param name="AtRisk">The money about which they differ.</param>
public sealed record ReconciliationState(
    bool Enabled, string? Node, DateTimeOffset? AsOf, DateTimeOffset? OrdersReadAt, DateTimeOffset? ProviderReadAt, long Matched, long LookedUp, int Unsettled, string? Trouble,
    int Open, IReadOnlyDictionary<string, int> OpenByKind, IReadOnlyList<Money> AtRisk);

/// <summary>A difference between an order's ledger and the provider's record.</summary>
/// <param name="Kind"><c>not_requested</c>, <c>repeated</c>, <c>not_booked</c>, <c>pending</c>, <c>differs</c> or <c>missing</c>.</param>
/// <param name="State"><c>open</c>, <c>closed</c> by a person, or <c>settled</c>: both sides agree since.</param>
/// <param name="PaymentKey">The idempotency key of the operation.</param>
/// <param name="PspReference">The provider's reference of it.</param>
/// <param name="Operation"><c>authorize</c>, <c>capture</c>, <c>void</c> or <c>refund</c>.</param>
/// <param name="PspOrderId">The order that the provider names, whether or not there is one.</param>
/// <param name="Ours">What the order has booked, or asked for; null for nothing.</param>
/// <param name="Theirs">What the provider has done; null for nothing.</param>
public sealed record Break(
    string Id, string Kind, string State, string PaymentKey, string PspReference, string Operation, string? Tenant, string? OrderId, string? PspOrderId, Money? Ours, Money? Theirs, Money? AtRisk,
    string? Owner, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt, string? ClosedBy, string? Reason);

/// <summary>What a person says of a break.</summary>
/// <param name="State"><c>open</c> or <c>closed</c>.</param>
/// <param name="Reason">Why it is closed; needed for that.</param>
/// <param name="Owner">Who sees to it; null for whoever does already.</param>
public sealed record BreakChange(string State, string? Reason = null, string? Owner = null);

/// <summary>The comparison with the payment provider's record; needs the scope <c>system:operate</c>.</summary>
public sealed class ReconciliationClient
{
    private readonly Sender _sender;

    internal ReconciliationClient(Sender sender) => _sender = sender;

    [Operation("get_reconciliation")]
    public Task<Answer<ReconciliationState>> GetAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/reconciliation", options), ClientJson.Default.ReconciliationState, cancellation);

    /// <summary>Those that were found last come first.</summary>
    /// <param name="state"><c>open</c>, <c>closed</c> or <c>all</c>.</param>
    /// <param name="cursor">Of the page before; null for the first.</param>
    /// <param name="pageSize">1 to 200.</param>
    /// <param name="order">Only those of this order, or that the provider says are of it; null for all.</param>
    /// <param name="options">Of this call.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    [Operation("list_breaks")]
    public Task<Answer<Page<Break>>> ListBreaksAsync(
        string state = "open", string? cursor = null, int pageSize = 50, string? order = null, CallOptions? options = null, CancellationToken cancellation = default)
    {
        var call = Call.Get($"v1/reconciliation/breaks", options);
        return _sender.SendAsync(call with { Path = call.Path + new Query().With("state", state).With("order", order).With("limit", pageSize).With("cursor", cursor) }, ClientJson.Default.PageBreak, cancellation);
    }

    [Operation("get_break")]
    public Task<Answer<Break>> GetBreakAsync(string @break, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/reconciliation/breaks/{@break}", options), ClientJson.Default.Break, cancellation);

    /// <summary>Says who sees to it, and closes or opens it. No money is moved by it.</summary>
    [Operation("put_break")]
    public Task<Answer<Break>> PutBreakAsync(string @break, BreakChange change, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/reconciliation/breaks/{@break}", change, ClientJson.Default.BreakChange, options), ClientJson.Default.Break, cancellation);
}
