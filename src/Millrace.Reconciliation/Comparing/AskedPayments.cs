using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Feed;

namespace Millrace.Reconciliation.Comparing;

/// <summary>
/// What orders have asked for and not been answered yet: an answer's event does not say how much it was about. Of very many the oldest are forgotten, and
/// looked up when their answer comes. Not thread-safe.
/// </summary>
internal sealed class AskedPayments(int most)
{
    private readonly Dictionary<OrderId, LinkedListNode<Asked>> _byOrder = [];
    private readonly LinkedList<Asked> _byAge = new();

    /// <param name="Currency">Null of an order whose beginning was not read: what follows an authorization is in its currency.</param>
    private sealed record Asked(OrderId Order, string? Currency, PaymentStep? Step, int Number, long AmountMinor);

    /// <summary>What it says of payments is remembered.</summary>
    /// <returns>What was done, of an event that says so; else null.</returns>
    public Operation? Take(FeedEvent told)
    {
        switch (told.Fact)
        {
            case OrderEvent.Placed e:
                Remember(new Asked(told.Order, e.Placement.Currency.Code, null, 0, 0));
                return null;
            case OrderEvent.PaymentRequested e:
                Remember(new Asked(told.Order, Forget(told.Order)?.Currency, e.Step, e.Number, e.AmountMinor));
                return null;
            case OrderEvent.PaymentDeclined:
                Forget(told.Order);
                return null;
            case OrderEvent.PaymentSucceeded e:
                var asked = Forget(told.Order) is { } found && found.Step == e.Step && found.Number == e.Number ? found : null;
                return new Operation(Order.PaymentKey(told.Order, e.Step, e.Number), Operation.NameOf(e.Reference), Booking.NameOf(e.Step), asked?.AmountMinor, asked?.Currency);
            default:
                return null;
        }
    }

    private void Remember(Asked asked)
    {
        Forget(asked.Order);
        if (_byOrder.Count == most)
            Forget(_byAge.First!.Value.Order);
        _byOrder.Add(asked.Order, _byAge.AddLast(asked));
    }

    private Asked? Forget(OrderId order)
    {
        if (!_byOrder.Remove(order, out var node))
            return null;
        _byAge.Remove(node);
        return node.Value;
    }
}
