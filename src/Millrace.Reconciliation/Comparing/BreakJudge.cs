using Millrace.Domain.Identity;
using Millrace.Engine.Requests;
using Millrace.Gateways.Psp;
using Millrace.Reconciliation.Breaks;

namespace Millrace.Reconciliation.Comparing;

/// <summary>The order as its owner has it now.</summary>
public delegate ValueTask<PartitionReply> OrderReader(OrderId order, CancellationToken cancellation);

/// <param name="Kind">Of <see cref="BreakKinds"/>; null when both sides agree.</param>
/// <param name="Operation">authorize, capture, void or refund.</param>
/// <param name="Ours">What the order has.</param>
/// <param name="Theirs">What the provider has.</param>
/// <param name="Order">Null where there is none.</param>
/// <param name="Tenant">Whose it is.</param>
internal sealed record Judgement(string? Kind, string Operation, BreakSide? Ours, BreakSide? Theirs, OrderId? Order, TenantId? Tenant);

/// <summary>Looks at one operation from both sides, as they are now: what the comparison of the two streams could not tell. Thread-safe.</summary>
internal sealed class BreakJudge(OrderReader orders, PspRecords provider)
{
    /// <returns>Null when the order's owner does not answer now.</returns>
    /// <exception cref="PspUnavailableException">The provider does not.</exception>
    public async Task<Judgement?> JudgeAsync(string paymentKey, string operationId, CancellationToken cancellation)
    {
        // The provider first: what it does between the two looks is found by the next.
        var theirs = (await provider.FindAsync(paymentKey, cancellation)).FirstOrDefault(record => record.Id == operationId && !record.IsDeclined);
        var reply = OrderOf(paymentKey) is { } id ? await orders(id, cancellation) : new PartitionReply(ReplyStatus.NotFound);
        if (reply is { Order: null, Status: not ReplyStatus.NotFound })
            return null;
        var booking = reply.Order is { } order ? Booking.Find(order.Id, reply.Document, paymentKey) : null;
        return new Judgement(
            KindOf(theirs, booking, operationId), theirs?.Kind ?? booking?.Operation ?? "",
            booking is null ? null : new BreakSide(booking.AmountMinor, booking.Currency), theirs is null ? null : new BreakSide(theirs.Amount, theirs.Currency),
            reply.Order?.Id, reply.Order?.Placement.Tenant);
    }

    private static string? KindOf(PspRecord? theirs, Booking? booking, string operationId)
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

    private static bool IsSame(PspRecord theirs, Booking booking) =>
        theirs.Amount == booking.AmountMinor && theirs.Currency == booking.Currency && (booking.Authorization is null || theirs.AuthorizationId == booking.Authorization);

    private static OrderId? OrderOf(string paymentKey)
    {
        var end = paymentKey.IndexOf(':', StringComparison.Ordinal);
        return end > 0 && OrderId.TryParse(paymentKey[..end], out var id) ? id : null;
    }
}
