namespace Millrace.Domain.Orders;

/// <summary>Money commands. An answer is matched by step and number, so that a late or repeated one is one fact.</summary>
internal static class PaymentDecider
{
    public static OrderRejection? Succeeded(Order order, OrderCommand.PaymentSucceeded command, List<OrderEvent> facts)
    {
        if (Matches(order, command.Step, command.Number))
        {
            facts.Add(new OrderEvent.PaymentSucceeded(command.Step, command.Number, command.Reference));
            // A parked order whose unknown outcome becomes known goes on by itself.
            if (order.Parked is { Code: OrderParkCodes.PaymentUnknown })
                facts.Add(new OrderEvent.Resumed(null));
            return null;
        }

        return Known(order, command.Step, command.Number);
    }

    public static OrderRejection? Declined(Order order, OrderCommand.PaymentDeclined command, List<OrderEvent> facts)
    {
        if (!Matches(order, command.Step, command.Number))
            return Known(order, command.Step, command.Number);
        if (order.Parked is { Code: OrderParkCodes.PaymentUnknown })
            facts.Add(new OrderEvent.Resumed(null));
        facts.Add(new OrderEvent.PaymentDeclined(command.Step, command.Number, command.Code, command.IsSoft));
        return null;
    }

    public static OrderRejection? Unknown(Order order, OrderCommand.PaymentUnknown command, List<OrderEvent> facts)
    {
        if (!Matches(order, command.Step, command.Number))
            return Known(order, command.Step, command.Number);
        var attempt = order.Payment.Pending!.Attempts + 1;
        facts.Add(new OrderEvent.PaymentUnknown(command.Step, command.Number, attempt, command.Error, command.RetryAtUnixMs));
        if (command.IsLast && order.Parked is null)
            facts.Add(new OrderEvent.Parked(OrderParkCodes.PaymentUnknown, command.Error));
        return null;
    }

    public static OrderRejection? Refund(Order order, OrderCommand.Refund command, List<OrderEvent> facts)
    {
        if (order.Payment.Pending is not null)
            return new OrderRejection.PaymentInFlight();
        var left = order.Payment.CapturedMinor - order.Payment.RefundedMinor;
        var amount = command.AmountMinor ?? left;
        if (amount <= 0 || amount > left)
            return new OrderRejection.RefundTooLarge(left);
        facts.Add(new OrderEvent.PaymentRequested(PaymentStep.Refund, order.Payment.RefundRequests + 1, amount));
        return null;
    }

    private static bool Matches(Order order, PaymentStep step, int number) =>
        order.Payment.Pending is { } pending && pending.Step == step && pending.Number == number;

    private static OrderRejection? Known(Order order, PaymentStep step, int number) =>
        number >= 1 && number <= order.Payment.Requests(step) ? null : new OrderRejection.UnknownPayment();
}
