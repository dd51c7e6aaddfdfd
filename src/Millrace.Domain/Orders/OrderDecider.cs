using System.Diagnostics;
using Millrace.Domain.Identity;

namespace Millrace.Domain.Orders;

/// <param name="After">The order after the events; before them when there are none.</param>
/// <param name="Rejection">Why nothing changed; null when accepted, with or without change.</param>
public readonly record struct OrderDecision(Order? After, OrderRejection? Rejection);

/// <summary>Decides commands. Pure: the same order, command, context and map give the same events.</summary>
public static class OrderDecider
{
    public const int MaxHolds = 32;

    /// <summary>Versions of an order at which it takes its last hold. An order's way from its placing to its end is some twenty.</summary>
    public const int MaxVersionForHolds = 2_000;

    /// <summary>Decides one command and everything that follows from it at once.</summary>
    /// <param name="facts">Receives the events, in order; untouched when the command is rejected or changes nothing.</param>
    public static OrderDecision Decide(
        OrderId id, Order? order, OrderCommand command, EventContext context, PartitionMap map, List<OrderEvent> facts)
    {
        if (order is null && command is not OrderCommand.Place)
            return new OrderDecision(null, new OrderRejection.NotFound());
        var rejection = First(order, command, context, facts);
        if (rejection is not null)
            return new OrderDecision(order, rejection);
        var (shared, applied) = (order, 0);
        Queue<OrderCommand>? setAside = null;
        while (true)
        {
            for (; applied < facts.Count; applied++)
            {
                if (facts[applied] is OrderEvent.Resumed && order!.SetAside.Length > 0)
                    setAside = new Queue<OrderCommand>(order.SetAside);
                Order.Evolve(id, shared, ref order, facts[applied], context);
            }

            if (setAside is not null && setAside.TryDequeue(out var answer))
            {
                First(order, answer, context, facts);
                continue;
            }

            // A repeat that changed nothing must not advance the saga either; it is where it was.
            if (facts.Count == 0 || OrderSaga.Next(order!, map) is not { } next)
                return new OrderDecision(order, null);
            facts.Add(next);
        }
    }

    private static OrderRejection? First(Order? order, OrderCommand command, EventContext context, List<OrderEvent> facts) =>
        command switch
        {
            OrderCommand.Place c => Place(order, c, facts),
            OrderCommand.Cancel c => Cancel(order!, c, facts),
            OrderCommand.PlaceHold c => PlaceHold(order!, c, facts),
            OrderCommand.ReleaseHold c => ReleaseHold(order!, c, facts),
            OrderCommand.Ship c => Ship(order!, c, facts),
            OrderCommand.Deliver => Deliver(order!, facts),
            OrderCommand.Refund c => PaymentDecider.Refund(order!, c, facts),
            OrderCommand.Resume c => Resume(order!, c, facts),
            OrderCommand.Park c => Park(order!, c.Code, c.Detail, facts),
            OrderCommand.SetAside c => SetAside(order!, c, facts),
            OrderCommand.CheckDue => CheckDue(order!, context, facts),
            OrderCommand.ExternalIdAnswered c => ExternalIdAnswered(order!, c, facts),
            OrderCommand.StockReserved c => StockAnswered(order!, c.Part, StockPartStatus.Reserving, new OrderEvent.StockReserved(c.Part, c.Takes), facts),
            OrderCommand.StockRefused c => StockRefused(order!, c, facts),
            OrderCommand.StockMoved c => StockAnswered(order!, c.Part, Awaited(c.Step), new OrderEvent.StockMoved(c.Part, c.Step), facts),
            OrderCommand.PaymentSucceeded c => PaymentDecider.Succeeded(order!, c, facts),
            OrderCommand.PaymentDeclined c => PaymentDecider.Declined(order!, c, facts),
            OrderCommand.PaymentUnknown c => PaymentDecider.Unknown(order!, c, facts),
            _ => throw new UnreachableException(),
        };

    private static OrderRejection? Place(Order? order, OrderCommand.Place command, List<OrderEvent> facts)
    {
        if (order is not null)
            return new OrderRejection.AlreadyPlaced();
        var placement = command.Placement;
        if (placement.Lines.Length is 0 or > OrderPlacement.MaxLines)
            return new OrderRejection.InvalidOrder($"An order has 1 to {OrderPlacement.MaxLines} lines.");
        if (placement.ShippingMinor < 0 || !Array.TrueForAll(placement.Lines, IsWithinBounds))
            return new OrderRejection.InvalidOrder($"Every line has 1 to {LineItem.MaxQuantity} units, and no amount is below zero.");
        if (!OrderTotal.TryCompute(placement.Lines, placement.ShippingMinor, out var total) || total != placement.TotalMinor)
            return new OrderRejection.InvalidOrder("The total is not the sum of the lines and the shipping.");
        facts.Add(new OrderEvent.Placed(placement));
        return null;
    }

    // The summed quantity of one SKU fits an int because of this, and the codec writes no number below zero.
    private static bool IsWithinBounds(LineItem line) =>
        line.Quantity is >= 1 and <= LineItem.MaxQuantity && line.UnitPriceMinor >= 0
        && Array.TrueForAll(line.Discounts, d => d.AmountMinor >= 0) && Array.TrueForAll(line.TaxLines, t => t.AmountMinor >= 0);

    private static OrderRejection? Cancel(Order order, OrderCommand.Cancel command, List<OrderEvent> facts)
    {
        if (order.Closing?.Outcome == OrderStatus.Canceled)
            return null;
        if (order.Status.IsTerminal() || order.Closing is not null)
            return new OrderRejection.NotCancelable(Ended(order));
        if (order.Fulfillment is not null)
            return new OrderRejection.AlreadyShipped();
        facts.Add(new OrderEvent.ClosingStarted(new Closing(OrderStatus.Canceled, "canceled", command.Reason)));
        return null;
    }

    private static string Ended(Order order) =>
        order.Status.IsTerminal() ? $"is {order.Status.ToString().ToLowerInvariant()}" : $"is about to be {order.Closing!.Outcome.ToString().ToLowerInvariant()}";

    private static OrderRejection? PlaceHold(Order order, OrderCommand.PlaceHold command, List<OrderEvent> facts)
    {
        if (order.Status.IsTerminal() || order.Closing is not null || order.Fulfillment is not null)
            return new OrderRejection.NotHoldable(order.Fulfillment is null ? Ended(order) : "has been shipped");
        if (Array.Exists(order.Holds, h => h.Id == command.HoldId))
            return null;
        if (order.Holds.Length >= MaxHolds)
            return new OrderRejection.TooManyHolds($"An order has at most {MaxHolds} holds.");
        // Placed and released for ever, they would grow its history, which is read and written whole, until its partition stands still.
        if (order.Version >= MaxVersionForHolds)
            return new OrderRejection.TooManyHolds($"An order with {MaxVersionForHolds} changes is held no more.");
        facts.Add(new OrderEvent.HoldPlaced(command.HoldId, command.Kind, command.Reason, command.ExpiresAtUnixMs));
        return null;
    }

    private static OrderRejection? ReleaseHold(Order order, OrderCommand.ReleaseHold command, List<OrderEvent> facts)
    {
        if (!Array.Exists(order.Holds, h => h.Id == command.HoldId))
            return new OrderRejection.HoldNotFound(command.HoldId);
        facts.Add(new OrderEvent.HoldReleased(command.HoldId));
        return null;
    }

    private static OrderRejection? Ship(Order order, OrderCommand.Ship command, List<OrderEvent> facts)
    {
        if (order.Fulfillment is { } shipped)
            return (shipped.Carrier, shipped.Tracking) == (command.Carrier, command.Tracking) ? null : new OrderRejection.AlreadyShipped();
        if (order.Status != OrderStatus.Confirmed || order.Closing is not null)
            return new OrderRejection.NotShippable("Only a confirmed order can be shipped.");
        if (order.Holds.Length > 0)
            return new OrderRejection.NotShippable("The order is on hold.");
        facts.Add(new OrderEvent.Shipped(command.Carrier, command.Tracking));
        return null;
    }

    private static OrderRejection? Deliver(Order order, List<OrderEvent> facts)
    {
        if (order.Fulfillment is null)
            return new OrderRejection.NotDeliverable();
        if (order.Fulfillment.DeliveredAtUnixMs is null)
            facts.Add(new OrderEvent.Delivered());
        return null;
    }

    private static OrderRejection? Resume(Order order, OrderCommand.Resume command, List<OrderEvent> facts)
    {
        if (order.Parked is null)
            return new OrderRejection.NothingParked();
        facts.Add(new OrderEvent.Resumed(command.Reason));
        // What is missing of a capture or a void the order itself shows; what was asked for as a refund only the request did.
        if (order.Payment is { LastStep: PaymentStep.Refund, DeclineCode: not null, DeclinedMinor: var refund })
            facts.Add(new OrderEvent.PaymentRequested(PaymentStep.Refund, order.Payment.RefundRequests + 1, refund));
        return null;
    }

    private static OrderRejection? Park(Order order, string code, string detail, List<OrderEvent> facts)
    {
        if (order.Parked is null)
            facts.Add(new OrderEvent.Parked(code, detail));
        return null;
    }

    private static OrderRejection? SetAside(Order order, OrderCommand.SetAside command, List<OrderEvent> facts)
    {
        facts.Add(new OrderEvent.AnswerSetAside(command.Answer));
        return Park(order, command.Code, command.Detail, facts);
    }

    private static OrderRejection? CheckDue(Order order, EventContext context, List<OrderEvent> facts)
    {
        if (order.Status.IsTerminal() || order.Closing is not null || order.Parked is not null)
            return null;
        var ranOut = Array.FindAll(order.Holds, h => h.ExpiresAtUnixMs <= context.AtUnixMs);
        foreach (var hold in ranOut)
            facts.Add(new OrderEvent.HoldReleased(hold.Id));
        if (order.Status == OrderStatus.Pending && ranOut.Length > 0)
            facts.Add(new OrderEvent.ClosingStarted(new Closing(OrderStatus.Expired, "hold_expired", ranOut[0].Kind)));
        else if (OrderSaga.ReservationDeadline(order) <= context.AtUnixMs)
            facts.Add(new OrderEvent.ClosingStarted(new Closing(OrderStatus.Expired, "reservation_expired", null)));
        return null;
    }

    private static OrderRejection? ExternalIdAnswered(Order order, OrderCommand.ExternalIdAnswered command, List<OrderEvent> facts)
    {
        if (order.ExternalIdStatus != ExternalIdStatus.Requested)
            return null;
        facts.Add(command.IsGranted ? new OrderEvent.ExternalIdGranted() : new OrderEvent.ExternalIdRefused());
        if (!command.IsGranted && order.Closing is null)
            facts.Add(new OrderEvent.ClosingStarted(new Closing(OrderStatus.Rejected, "duplicate_external_id", null)));
        return null;
    }

    // A part that is not waiting for this answer has had it: a repeat, accepted without change.
    private static OrderRejection? StockAnswered(
        Order order, int part, StockPartStatus? expected, OrderEvent fact, List<OrderEvent> facts)
    {
        if ((uint)part < (uint)order.StockParts.Length && order.StockParts[part].Status == expected)
            facts.Add(fact);
        return null;
    }

    private static OrderRejection? StockRefused(Order order, OrderCommand.StockRefused command, List<OrderEvent> facts)
    {
        StockAnswered(order, command.Part, StockPartStatus.Reserving,
            new OrderEvent.StockRefused(command.Part, command.Code, command.Sku), facts);
        if (facts.Count > 0 && order.Closing is null)
            facts.Add(new OrderEvent.ClosingStarted(new Closing(OrderStatus.Rejected, command.Code, command.Sku)));
        return null;
    }

    // Nothing waits for an allocation's answer: one that comes changes nothing.
    private static StockPartStatus? Awaited(StockStep step) => step switch
    {
        StockStep.Allocate => null,
        StockStep.Release => StockPartStatus.Releasing,
        StockStep.Deduct => StockPartStatus.Deducting,
        _ => throw new UnreachableException(),
    };
}
