using System.Diagnostics;

namespace Millrace.Domain.Orders;

/// <summary>What each event does to an order. No rule decides here: an event is a fact.</summary>
internal static class OrderEvolution
{
    public static Order Apply(Order order, OrderEvent fact, EventContext context)
    {
        // Every case makes a copy that nobody else has seen yet, so the counters may still be set in it.
        var next = Change(order, fact, context);
        next.Version = order.Version + 1;
        next.UpdatedAtUnixMs = context.AtUnixMs;
        next.SettledVersion = order.SettledVersion ?? (next.Status == OrderStatus.Pending ? null : next.Version);
        return next;
    }

    private static Order Change(Order order, OrderEvent fact, EventContext context) => fact switch
    {
        OrderEvent.Placed => throw new InvalidOperationException($"{order.Id} is placed twice."),
        OrderEvent.ExternalIdRequested => order with { ExternalIdStatus = ExternalIdStatus.Requested },
        OrderEvent.ExternalIdGranted => order with { ExternalIdStatus = ExternalIdStatus.Granted },
        OrderEvent.ExternalIdRefused => order with { ExternalIdStatus = ExternalIdStatus.None },
        OrderEvent.ReservationRequested e => order with
        {
            StockParts = NewParts(e.Parts), ReservationRequestedAtUnixMs = context.AtUnixMs,
        },
        OrderEvent.StockReserved e => WithPart(order, e.Part, StockPartStatus.Reserved, e.Takes),
        OrderEvent.StockRefused e => WithPart(order, e.Part, StockPartStatus.Refused),
        OrderEvent.StockMoveRequested e => order with { StockParts = Array.ConvertAll(order.StockParts, p => Requested(p, e.Step)) },
        OrderEvent.StockMoved e => WithPart(order, e.Part, Done(e.Step)),
        OrderEvent.PaymentRequested e => order with { Payment = PaymentEvolution.Requested(order.Payment, e) },
        OrderEvent.PaymentSucceeded e => order with { Payment = PaymentEvolution.Succeeded(order.Payment, e) },
        OrderEvent.PaymentDeclined e => order with { Payment = order.Payment with { Pending = null, DeclineCode = e.Code } },
        OrderEvent.PaymentUnknown e => order with { Payment = PaymentEvolution.Unknown(order.Payment, e) },
        OrderEvent.HoldPlaced e => order with
        {
            Holds = [.. order.Holds, new Hold(e.HoldId, e.Kind, e.Reason, context.Actor.Name, context.AtUnixMs, e.ExpiresAtUnixMs)],
        },
        OrderEvent.HoldReleased e => order with { Holds = Array.FindAll(order.Holds, h => h.Id != e.HoldId) },
        OrderEvent.ClosingStarted e => order with { Closing = e.Closing },
        OrderEvent.Confirmed => order with { Status = OrderStatus.Confirmed },
        OrderEvent.Shipped e => order with { Fulfillment = new Fulfillment(context.AtUnixMs, e.Carrier, e.Tracking, null) },
        OrderEvent.Delivered => order with { Fulfillment = order.Fulfillment! with { DeliveredAtUnixMs = context.AtUnixMs } },
        OrderEvent.Completed => order with { Status = OrderStatus.Completed },
        OrderEvent.Closed => order with { Status = order.Closing!.Outcome },
        OrderEvent.Parked e => order with { Parked = new ParkedReason(e.Code, e.Detail, context.AtUnixMs) },
        OrderEvent.Resumed => order with { Parked = null, Payment = PaymentEvolution.Resumed(order.Payment) },
        _ => throw new UnreachableException(),
    };

    private static StockPart[] NewParts(StockPartLines[] parts) => Array.ConvertAll(
        parts, p => new StockPart(p.Partition, p.LineIndexes, StockPartStatus.Reserving, WasAllocated: false, []));

    private static Order WithPart(Order order, int index, StockPartStatus status, StockTake[]? takes = null)
    {
        var parts = order.StockParts.AsSpan().ToArray();
        parts[index] = parts[index] with { Status = status, Takes = takes ?? parts[index].Takes };
        return order with { StockParts = parts };
    }

    // Only parts that hold stock are asked; a refused part has nothing to move.
    private static StockPart Requested(StockPart part, StockStep step)
    {
        if (!part.HoldsStock)
            return part;
        return step switch
        {
            StockStep.Allocate => part with { Status = StockPartStatus.Allocating },
            StockStep.Release => part with
            {
                Status = StockPartStatus.Releasing,
                WasAllocated = part.Status == StockPartStatus.Allocated,
            },
            StockStep.Deduct => part with { Status = StockPartStatus.Deducting },
            _ => throw new UnreachableException(),
        };
    }

    private static StockPartStatus Done(StockStep step) => step switch
    {
        StockStep.Allocate => StockPartStatus.Allocated,
        StockStep.Release => StockPartStatus.Released,
        StockStep.Deduct => StockPartStatus.Deducted,
        _ => throw new UnreachableException(),
    };
}
