using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Simulation.Checkers;

/// <summary>What must hold of every order, after every event and at the end.</summary>
internal static class OrderChecks
{
    public static void Always(Order order, OrderEvent fact, CheckReport report)
    {
        var payment = order.Payment;
        if (payment.RefundedMinor > payment.CapturedMinor || payment.CapturedMinor > payment.AuthorizedMinor)
        {
            report.Add(6, order.Id.ToString(),
                $"refunded {payment.RefundedMinor}, captured {payment.CapturedMinor}, authorized {payment.AuthorizedMinor}");
        }

        if (fact is OrderEvent.PaymentRequested { Step: PaymentStep.Authorize } && payment.AuthorizedMinor > 0)
            report.Add(3, order.Id.ToString(), "asked for a second authorization");
        if (fact is OrderEvent.Confirmed && payment.AuthorizedMinor != order.Placement.TotalMinor)
            report.Add(6, order.Id.ToString(), $"is confirmed for {order.Placement.TotalMinor} with {payment.AuthorizedMinor} authorized");
    }

    /// <summary>A timer acts when its time has come, by its owner's clock, and not before.</summary>
    public static void Timely(OrderId id, Order? before, OrderEvent fact, EventContext context, CheckReport report)
    {
        if (fact is OrderEvent.ClosingStarted { Closing: { Outcome: OrderStatus.Expired, Code: "reservation_expired" } }
            && !(OrderSaga.ReservationDeadline(before!) <= context.AtUnixMs))
            report.Add(15, id.ToString(), "lost its reservation before the time was up");
        if (fact is OrderEvent.HoldReleased e && context.Actor.Kind == ActorKind.System
            && !Array.Exists(before!.Holds, h => h.Id == e.HoldId && h.ExpiresAtUnixMs <= context.AtUnixMs))
            report.Add(15, id.ToString(), $"lost its hold '{e.HoldId}' before the time was up");
    }

    /// <summary>Nothing is under way, and nothing will happen by itself.</summary>
    public static bool IsAtRest(Order order) =>
        order.Parked is null && order.Payment.Pending is null && order.Status != OrderStatus.Pending
        && !Array.Exists(order.StockParts, p => p.IsInFlight) && (order.Closing is null || order.Status.IsTerminal())
        && (order.Status.IsTerminal() || !Array.Exists(order.Holds, hold => hold.ExpiresAtUnixMs <= 0))
        && (order.Fulfillment is null || HasLeft(order)) && (order.Fulfillment?.DeliveredAtUnixMs is null || order.Status == OrderStatus.Completed);

    // What was shipped is off the shelves and paid for.
    private static bool HasLeft(Order order) =>
        order.Payment.CapturedMinor == order.Payment.AuthorizedMinor && !Array.Exists(order.StockParts, p => p.HoldsStock);

    public static void AtEnd(Order order, IReadOnlyList<HeldStock> held, bool isDrained, CheckReport report)
    {
        var id = order.Id.ToString();
        if (order.Status is OrderStatus.Rejected or OrderStatus.Canceled or OrderStatus.Expired)
        {
            if (order.Payment.HoldsMoney)
                report.Add(14, id, $"ended as {order.Status} and still holds money");
            foreach (var left in held.Where(h => h.Reserved != 0 || h.Allocated != 0))
                report.Add(14, id, $"ended as {order.Status} and still holds {left}");
        }

        if (order.Status is not (OrderStatus.Confirmed or OrderStatus.Completed) || order.Closing is not null)
            return;
        // Reserved ones are about to be allocated: the message is on its way, or is sent again when the server starts.
        foreach (var line in order.Placement.Lines.GroupBy(l => l.Sku, StringComparer.Ordinal))
        {
            var (ordered, units) = (line.Sum(l => (long)l.Quantity), 0L);
            foreach (var h in held.Where(h => h.Sku == line.Key))
                units += order.Status == OrderStatus.Completed ? h.Deducted : h.Reserved + h.Allocated + h.Deducted;
            if (units != ordered)
                report.Add(order.Status == OrderStatus.Completed ? 5 : 4, id, $"is {order.Status} for {ordered} of {line.Key}, and has {units}");
        }

        foreach (var left in held)
        {
            if (!order.Placement.Lines.Any(l => l.Sku == left.Sku))
                report.Add(4, id, $"holds what nobody ordered: {left}");
            if (isDrained && order.Status == OrderStatus.Confirmed && left.Reserved != 0)
                report.Add(5, id, $"is confirmed, and never allocated {left}");
            if (order.Status == OrderStatus.Completed && (left.Reserved != 0 || left.Allocated != 0))
                report.Add(5, id, $"is completed, and still holds {left}");
        }
    }
}
