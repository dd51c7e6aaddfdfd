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
        if (fact is OrderEvent.Confirmed && payment.AuthorizedMinor < order.Placement.TotalMinor)
            report.Add(6, order.Id.ToString(), "is confirmed without its money");
    }

    public static void AtEnd(Order order, HeldStock held, CheckReport report)
    {
        var id = order.Id.ToString();
        if (order.Status is OrderStatus.Rejected or OrderStatus.Canceled or OrderStatus.Expired)
        {
            if (order.Payment.HoldsMoney)
                report.Add(14, id, $"ended as {order.Status} and still holds money");
            if (held.Reserved != 0 || held.Allocated != 0)
                report.Add(14, id, $"ended as {order.Status} and still holds {held.Reserved} reserved and {held.Allocated} allocated units");
        }

        var ordered = order.Placement.Lines.Sum(l => (long)l.Quantity);
        // Reserved ones are about to be allocated: the message is on its way, or is sent again when the server starts.
        if (order.Status == OrderStatus.Confirmed && order.Closing is null && held.Reserved + held.Allocated + held.Deducted != ordered)
            report.Add(4, id, $"is confirmed for {ordered} units, and holds {held}");
        if (order.Status == OrderStatus.Completed && (held.Deducted != ordered || held.Reserved != 0 || held.Allocated != 0))
            report.Add(5, id, $"is completed for {ordered} units, with {held.Deducted} deducted");
    }
}
