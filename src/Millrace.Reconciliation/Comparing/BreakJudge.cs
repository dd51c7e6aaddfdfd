using Millrace.Domain.Identity;
using Millrace.Engine.Requests;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Reconciliation.Comparing;

/// <summary>The order as its owner has it now.</summary>
public delegate ValueTask<PartitionReply> OrderReader(OrderId order, CancellationToken cancellation);

/// <param name="Kind">Of <see cref="BreakKinds"/>; null when both sides have the same.</param>
/// <param name="Operation">authorize, capture, void or refund.</param>
/// <param name="Ours">What the order has.</param>
/// <param name="Theirs">What the provider has.</param>
/// <param name="Order">Null where there is none.</param>
/// <param name="Tenant">Whose it is.</param>
/// <param name="PspOrder">The order that the provider names.</param>
internal sealed record Judgement(string? Kind, string Operation, BreakSide? Ours, BreakSide? Theirs, OrderId? Order, TenantId? Tenant, string? PspOrder);

/// <summary>One side does not answer now, so nothing is said of the operation.</summary>
/// <param name="code">Stable: of <see cref="PspUnavailableException"/>, or <see cref="OrderUnavailable"/>.</param>
/// <param name="cause">What it was.</param>
internal sealed class NoAnswerException(string code, Exception? cause = null) : Exception($"Not both sides can be looked at: {code}.", cause)
{
    /// <summary>Of one order, whose owner does not answer; it says nothing of any other.</summary>
    public const string OrderUnavailable = "order_unavailable";

    public string Code => code;

    /// <summary>Whoever asks the provider for another waits in vain too, most likely.</summary>
    public bool IsOfProvider => code != OrderUnavailable;
}

/// <summary>Looks at one operation from both sides: what the comparison of the two streams could not tell. Thread-safe. Everything throws <see cref="NoAnswerException"/>.</summary>
internal sealed class BreakJudge(OrderReader orders, PspRecords provider)
{
    /// <summary>One that one side has told of. What the provider's record has told stands, whether or not its look-up finds it yet.</summary>
    public async Task<Judgement> JudgeAsync(Unmatched told, CancellationToken cancellation)
    {
        var operation = told.Operation;
        var theirs = told.IsTheirs ? operation : await FindAsync(operation.PaymentKey, operation.Id, cancellation);
        return await JudgeAsync(operation.PaymentKey, operation.Id, theirs, cancellation);
    }

    /// <summary>One that differed.</summary>
    /// <returns>Null when the provider does not find what it had told of: that is for a person to see to.</returns>
    public async Task<Judgement?> JudgeAgainAsync(Break open, CancellationToken cancellation)
    {
        var theirs = await FindAsync(open.PaymentKey, open.OperationId, cancellation);
        return theirs is null && open.Theirs is not null ? null : await JudgeAsync(open.PaymentKey, open.OperationId, theirs, cancellation);
    }

    // The provider first: what it does between the two looks is found by the next.
    private async Task<Judgement> JudgeAsync(string paymentKey, string operationId, Operation? theirs, CancellationToken cancellation)
    {
        var reply = OrderOf(paymentKey) is { } id ? await orders(id, cancellation) : new PartitionReply(ReplyStatus.NotFound);
        if (reply is { Order: null, Status: not ReplyStatus.NotFound })
            throw new NoAnswerException(NoAnswerException.OrderUnavailable);
        var booking = reply.Order is { } order ? Booking.Find(order.Id, reply.Document, paymentKey) : null;
        var kind = KindOf(theirs, booking, operationId);
        if (kind == BreakKinds.Repeated && !await HasAsync(paymentKey, booking!.Reference!, cancellation))
            kind = BreakKinds.Differs;
        return new Judgement(
            kind, theirs?.Kind ?? booking?.Operation ?? "",
            booking is null ? null : new BreakSide(booking.AmountMinor, booking.Currency), theirs is null ? null : new BreakSide(theirs.AmountMinor ?? 0, theirs.Currency ?? ""),
            reply.Order?.Id, reply.Order?.Placement.Tenant, theirs?.PspOrder);
    }

    private async Task<Operation?> FindAsync(string paymentKey, string operationId, CancellationToken cancellation)
    {
        try
        {
            return (await provider.FindAsync(paymentKey, cancellation)).Where(record => !record.IsDeclined).Select(Operation.Of).FirstOrDefault(found => found.Id == operationId);
        }
        catch (PspUnavailableException away)
        {
            throw new NoAnswerException(away.Code, away);
        }
    }

    // A charge that is made twice is told even where that cannot be looked up.
    private async Task<bool> HasAsync(string paymentKey, string operationId, CancellationToken cancellation)
    {
        try
        {
            return await FindAsync(paymentKey, operationId, cancellation) is not null;
        }
        catch (NoAnswerException)
        {
            return true;
        }
    }

    private static string? KindOf(Operation? theirs, Booking? booking, string operationId)
    {
        if (theirs is null)
            return booking?.Reference == operationId ? BreakKinds.Missing : null;
        if (booking is null || booking.Operation != theirs.Kind)
            return BreakKinds.NotRequested;
        if (booking.Reference == operationId)
            return IsSame(theirs, booking) ? null : BreakKinds.Differs;
        if (booking.IsPending)
            return BreakKinds.Pending;
        return booking.Reference is null ? BreakKinds.NotBooked : BreakKinds.Repeated;
    }

    private static bool IsSame(Operation theirs, Booking booking) =>
        theirs.AmountMinor == booking.AmountMinor && theirs.Currency == booking.Currency && (booking.Authorization is null || theirs.Authorization == booking.Authorization);

    private static OrderId? OrderOf(string paymentKey)
    {
        var end = paymentKey.IndexOf(':', StringComparison.Ordinal);
        return end > 0 && OrderId.TryParse(paymentKey[..end], out var id) ? id : null;
    }
}
