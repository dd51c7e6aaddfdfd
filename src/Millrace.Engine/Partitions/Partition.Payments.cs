using System.Diagnostics;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Payments;

namespace Millrace.Engine.Partitions;

/// <summary>Effects on payment providers: the intent is durable, the key is the same for ever, the outcome becomes a command.</summary>
public sealed partial class Partition
{
    /// <summary>Answers a <see cref="PartitionOutputs.Payments"/>.</summary>
    public void CompletePayment(PaymentRequest request, PaymentOutcome outcome, long nowMs)
    {
        // An order whose payment runs is never evicted.
        var entry = _orders[request.Order];
        entry.IsPaymentRunning = false;
        var step = (PaymentStep)(int)request.Operation;
        var number = request.Number;
        OrderCommand command = outcome switch
        {
            PaymentOutcome.Succeeded o => new OrderCommand.PaymentSucceeded(step, number, o.Reference),
            PaymentOutcome.Declined o => new OrderCommand.PaymentDeclined(step, number, o.Code, o.IsSoft),
            PaymentOutcome.Unknown o => Unknown(entry.Order!, step, number, o.Error, nowMs),
            _ => throw new UnreachableException(),
        };
        Decide(request.Order, entry, command, new EventContext(nowMs, new Actor(ActorKind.Psp, request.Psp)));
        // It could not be evicted while the call was under way, and no checkpoint will come for it when nothing changed.
        if (!entry.IsDirty)
            ListClean(entry);
        // A webhook may have told this outcome before, and what followed from it could not start while this one was running.
        if (entry.PendingPayment is { } next && (next.Step, next.Number) != (step, number))
            HoldPayment(request.Order, isRepeat: false);
    }

    private OrderCommand.PaymentUnknown Unknown(Order order, PaymentStep step, int number, string error, long nowMs)
    {
        var attempts = (order.Payment.Pending?.Attempts ?? 0) + 1;
        var pause = Math.Min(
            _options.PaymentRetryCap.TotalMilliseconds,
            _options.PaymentRetryBase.TotalMilliseconds * Math.Pow(2, Math.Min(attempts - 1, 30)));
        // Jitter without randomness: the id's own random bits, so that orders that failed together come back apart.
        var jitter = (order.Id.Spread % 1024) / 1024.0;
        var retryAt = nowMs + (long)(pause * (0.5 + (jitter / 2)));
        return new OrderCommand.PaymentUnknown(step, number, error, retryAt, attempts >= _options.PaymentAttempts);
    }

    private void StartPayment(OrderId id, bool isRepeat)
    {
        // Only one that was parked meanwhile can have left the memory: what it waits for starts when it is let go on.
        if (!_orders.TryGetValue(id, out var entry))
            return;
        var order = entry.Order!;
        // A webhook may have settled it, or an operator parked it, before the intent became durable.
        if (entry.IsPaymentRunning || order.Parked is not null || order.Payment.Pending is not { } pending)
            return;
        if (entry.LastSeq > _durableSeq)
        {
            // It has moved on since, perhaps to an intent that is not durable yet.
            HoldPayment(id, isRepeat);
            return;
        }

        entry.IsPaymentRunning = true;
        var placement = order.Placement;
        Outputs.Payments.Add(new PaymentRequest(
            (PaymentOperation)(int)pending.Step,
            placement.Payment.Psp,
            id,
            pending.Number,
            pending.AmountMinor,
            placement.Currency.Code,
            pending.Step == PaymentStep.Authorize ? placement.Payment.Token : null,
            order.Payment.AuthorizationReference,
            // After a crash nobody knows whether an attempt was made: it counts as one, so that the gateway looks first.
            pending.Attempts + (isRepeat ? 2 : 1)));
    }
}
