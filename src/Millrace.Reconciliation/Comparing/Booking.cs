using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;

namespace Millrace.Reconciliation.Comparing;

/// <summary>What an order has of one of its payments.</summary>
/// <param name="Operation">authorize, capture, void or refund.</param>
/// <param name="AmountMinor">What was asked for.</param>
/// <param name="Currency">Of the order.</param>
/// <param name="Authorization">The provider's reference of the authorization that it is to follow; null for an authorization.</param>
internal sealed record Booking(string Operation, long AmountMinor, string Currency, string? Authorization)
{
    /// <summary>The outcome is not known.</summary>
    public bool IsPending { get; private init; } = true;

    /// <summary>The provider's reference of what was booked; null for nothing.</summary>
    public string? Reference { get; private init; }

    /// <returns>Null when the order never asked for it.</returns>
    public static Booking? Find(OrderId order, ReadOnlyMemory<byte> document, string paymentKey)
    {
        var (currency, authorization) = ("", (string?)null);
        Booking? found = null;
        foreach (var (_, _, fact, _) in OrderDocument.Read(document))
        {
            switch (fact)
            {
                case OrderEvent.Placed placed:
                    currency = placed.Placement.Currency.Code;
                    break;
                case OrderEvent.PaymentRequested e when IsIt(e.Step, e.Number):
                    found = new Booking(NameOf(e.Step), e.AmountMinor, currency, e.Step == PaymentStep.Authorize ? null : authorization);
                    break;
                case OrderEvent.PaymentSucceeded e:
                    if (IsIt(e.Step, e.Number))
                        found = found! with { IsPending = false, Reference = Comparing.Operation.NameOf(e.Reference) };
                    if (e.Step == PaymentStep.Authorize)
                        authorization = Comparing.Operation.NameOf(e.Reference);
                    break;
                case OrderEvent.PaymentDeclined e when IsIt(e.Step, e.Number):
                    found = found! with { IsPending = false };
                    break;
            }
        }

        return found;

        bool IsIt(PaymentStep step, int number) => Order.PaymentKey(order, step, number) == paymentKey;
    }

    public static string NameOf(PaymentStep step) => step.ToString().ToLowerInvariant();
}
