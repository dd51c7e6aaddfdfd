using Millrace.Domain.Identity;

namespace Millrace.Domain.Orders;

/// <summary>
/// The process that carries an order to its end, as one question: given everything known, which intent or
/// transition comes next? Asked again after every event until nothing is left to do but wait.
/// </summary>
public static class OrderSaga
{
    /// <returns>The next event, or null when the order waits for somebody else, is parked, or has ended.</returns>
    public static OrderEvent? Next(Order order, PartitionMap map)
    {
        if (order.Parked is not null || order.Payment.Pending is not null)
            return null;
        if (order.Payment.DeclineCode is { } declined)
            return AfterDecline(order, declined);
        if (order.Closing is not null)
            return order.Status.IsTerminal() ? null : NextCompensation(order);
        return order.Status switch
        {
            OrderStatus.Pending => NextPending(order, map),
            OrderStatus.Confirmed => NextConfirmed(order),
            _ => null,
        };
    }

    /// <summary>When the pipeline must look at the order by itself: a payment to try again, a hold or a reservation that runs out.</summary>
    public static long? DueAt(Order order)
    {
        if (order.Parked is not null)
            return null;
        if (order.Payment.Pending is { } payment)
            return payment.RetryAtUnixMs;
        if (order.Status.IsTerminal() || order.Closing is not null)
            return null;
        var due = ReservationDeadline(order);
        foreach (var hold in order.Holds)
            due = Earlier(due, hold.ExpiresAtUnixMs);
        return due;
    }

    /// <summary>
    /// The order owns its reservations' time-out, not the stock partition: so a payment in flight extends it by
    /// construction, and a reservation can never lapse under an authorization that is about to arrive.
    /// </summary>
    public static long? ReservationDeadline(Order order) =>
        order.Status == OrderStatus.Pending && order.StockParts.Length > 0 && order.Payment.AuthorizedMinor == 0
            && order.Payment.Pending is null
            ? order.ReservationRequestedAtUnixMs + order.Placement.Options.ReservationTtlMs
            : null;

    private static OrderEvent? NextPending(Order order, PartitionMap map)
    {
        if (order.Placement.ExternalId is { } externalId && order.ExternalIdStatus != ExternalIdStatus.Granted)
        {
            return order.ExternalIdStatus == ExternalIdStatus.Requested
                ? null
                : new OrderEvent.ExternalIdRequested(map.OwnerOfName(NameHash.ExternalId(order.Placement.Tenant, externalId)));
        }

        if (order.Holds.Length > 0)
            return null;
        if (order.StockParts.Length == 0)
            return new OrderEvent.ReservationRequested(StockDivision.Divide(order.Placement, map));
        if (Any(order, StockPartStatus.Reserving))
            return null;
        if (order.Payment.AuthorizedMinor < order.Placement.TotalMinor)
            return new OrderEvent.PaymentRequested(PaymentStep.Authorize, order.Payment.AuthorizeRequests + 1, order.Placement.TotalMinor);
        // What is reserved can always be allocated, and the channel says so exactly once and before whatever follows: there is
        // no answer to wait for (docs/adr/0005).
        return Any(order, StockPartStatus.Reserved)
            ? new OrderEvent.StockMoveRequested(StockStep.Allocate)
            : new OrderEvent.Confirmed();
    }

    private static OrderEvent? NextConfirmed(Order order)
    {
        if (order.Fulfillment is not { } fulfillment)
            return null;
        if (Any(order, StockPartStatus.Allocated))
            return new OrderEvent.StockMoveRequested(StockStep.Deduct);
        if (order.Payment.CapturedMinor < order.Payment.AuthorizedMinor)
        {
            return new OrderEvent.PaymentRequested(PaymentStep.Capture, order.Payment.CaptureRequests + 1,
                order.Payment.AuthorizedMinor - order.Payment.CapturedMinor);
        }

        return fulfillment.DeliveredAtUnixMs is null || Any(order, StockPartStatus.Deducting) ? null : new OrderEvent.Completed();
    }

    // Undo exactly what was done, then end. An answer still under way is waited for: it decides what there is to undo.
    private static OrderEvent? NextCompensation(Order order)
    {
        foreach (var part in order.StockParts)
        {
            if (part.Status == StockPartStatus.Reserving)
                return null;
        }

        if (Any(order, StockPartStatus.Reserved) || Any(order, StockPartStatus.Allocated))
            return new OrderEvent.StockMoveRequested(StockStep.Release);
        var payment = order.Payment;
        if (payment.CapturedMinor > payment.RefundedMinor)
        {
            return new OrderEvent.PaymentRequested(PaymentStep.Refund, payment.RefundRequests + 1,
                payment.CapturedMinor - payment.RefundedMinor);
        }

        if (payment.HoldsMoney)
            return new OrderEvent.PaymentRequested(PaymentStep.Void, payment.VoidRequests + 1, payment.AuthorizedMinor);
        return Any(order, StockPartStatus.Releasing) || order.ExternalIdStatus == ExternalIdStatus.Requested
            ? null
            : new OrderEvent.Closed();
    }

    // Only a declined authorization says something about the buyer; any other refusal needs a person.
    private static OrderEvent? AfterDecline(Order order, string code)
    {
        if (order.Payment.LastStep != PaymentStep.Authorize)
            return new OrderEvent.Parked($"{order.Payment.LastStep!.Value.ToString().ToLowerInvariant()}_declined", code);
        return order.Closing is not null
            ? order.Status.IsTerminal() ? null : NextCompensation(order)
            : new OrderEvent.ClosingStarted(new Closing(OrderStatus.Rejected, "payment_declined", code));
    }

    private static bool Any(Order order, StockPartStatus status)
    {
        foreach (var part in order.StockParts)
        {
            if (part.Status == status)
                return true;
        }

        return false;
    }

    internal static long? Earlier(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
