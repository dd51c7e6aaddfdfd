using System.Diagnostics;

namespace Millrace.Domain.Orders;

/// <summary>What each event does to an order. No rule decides here: an event is a fact.</summary>
internal static class OrderEvolution
{
    /// <param name="order">A copy that nobody else has seen yet; it becomes the order after the event.</param>
    public static void Apply(Order order, OrderEvent fact, EventContext context)
    {
        Change(order, fact, context);
        order.Version++;
        order.UpdatedAtUnixMs = context.AtUnixMs;
        if (order.SettledVersion is null && order.Status != OrderStatus.Pending)
            order.SettledVersion = order.Version;
    }

    private static void Change(Order order, OrderEvent fact, EventContext context)
    {
        switch (fact)
        {
            case OrderEvent.Placed: throw new InvalidOperationException($"{order.Id} is placed twice.");
            case OrderEvent.ExternalIdRequested: order.ExternalIdStatus = ExternalIdStatus.Requested; break;
            case OrderEvent.ExternalIdGranted: order.ExternalIdStatus = ExternalIdStatus.Granted; break;
            case OrderEvent.ExternalIdRefused: order.ExternalIdStatus = ExternalIdStatus.None; break;
            case OrderEvent.ReservationRequested e:
                order.StockParts = NewParts(e.Parts);
                order.ReservationRequestedAtUnixMs = context.AtUnixMs;
                break;
            case OrderEvent.StockReserved e: SetPart(order, e.Part, StockPartStatus.Reserved, e.Takes); break;
            case OrderEvent.StockRefused e: SetPart(order, e.Part, StockPartStatus.Refused); break;
            case OrderEvent.StockMoveRequested e: order.StockParts = Requested(order.StockParts, e.Step); break;
            case OrderEvent.StockMoved e: SetPart(order, e.Part, Done(e.Step)); break;
            case OrderEvent.PaymentRequested e: order.Payment = PaymentEvolution.Requested(order.Payment, e); break;
            case OrderEvent.PaymentSucceeded e: order.Payment = PaymentEvolution.Succeeded(order.Payment, e); break;
            case OrderEvent.PaymentDeclined e: order.Payment = PaymentEvolution.Declined(order.Payment, e); break;
            case OrderEvent.PaymentUnknown e: order.Payment = PaymentEvolution.Unknown(order.Payment, e); break;
            case OrderEvent.HoldPlaced e:
                order.Holds = [.. order.Holds, new Hold(e.HoldId, e.Kind, e.Reason, context.Actor.Name, context.AtUnixMs, e.ExpiresAtUnixMs)];
                break;
            case OrderEvent.HoldReleased e: order.Holds = Without(order.Holds, e.HoldId); break;
            case OrderEvent.ClosingStarted e: order.Closing = e.Closing; break;
            case OrderEvent.Confirmed: order.Status = OrderStatus.Confirmed; break;
            case OrderEvent.Shipped e: order.Fulfillment = new Fulfillment(context.AtUnixMs, e.Carrier, e.Tracking, null); break;
            case OrderEvent.Delivered: order.Fulfillment = order.Fulfillment! with { DeliveredAtUnixMs = context.AtUnixMs }; break;
            case OrderEvent.Completed: order.Status = OrderStatus.Completed; break;
            case OrderEvent.Closed: order.Status = order.Closing!.Outcome; break;
            case OrderEvent.Parked e: order.Parked = new ParkedReason(e.Code, e.Detail, context.AtUnixMs); break;
            case OrderEvent.AnswerSetAside e: order.SetAside = [.. order.SetAside, e.Answer]; break;
            case OrderEvent.Resumed:
                order.Parked = null;
                order.SetAside = [];
                order.Payment = PaymentEvolution.Resumed(order.Payment);
                break;
            default: throw new UnreachableException();
        }
    }

    private static Hold[] Without(Hold[] holds, string id) => Array.FindAll(holds, h => h.Id != id);

    private static StockPart[] NewParts(StockPartLines[] parts) => Array.ConvertAll(
        parts, p => new StockPart(p.Partition, p.LineIndexes, StockPartStatus.Reserving, WasAllocated: false, []));

    private static void SetPart(Order order, int index, StockPartStatus status, StockTake[]? takes = null)
    {
        // The array may be shared with an earlier state of the order.
        var parts = order.StockParts.AsSpan().ToArray();
        parts[index] = parts[index] with { Status = status, Takes = takes ?? parts[index].Takes };
        order.StockParts = parts;
    }

    private static StockPart[] Requested(StockPart[] parts, StockStep step)
    {
        var requested = new StockPart[parts.Length];
        for (var i = 0; i < parts.Length; i++)
            requested[i] = Requested(parts[i], step);
        return requested;
    }

    // Only parts that hold stock are asked; a refused part has nothing to move.
    private static StockPart Requested(StockPart part, StockStep step)
    {
        if (!part.HoldsStock)
            return part;
        return step switch
        {
            StockStep.Allocate => part with { Status = StockPartStatus.Allocated },
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
