using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Simulation.Checkers;

/// <summary>One effective operation in the PSP's own record.</summary>
/// <param name="Kind">authorize, capture, void or refund.</param>
/// <param name="Reference">The idempotency key it was made under.</param>
public sealed record PspFact(string Kind, string Reference, string OperationId, long AmountMinor, string CurrencyCode);

/// <summary>At most one effective charge per payment intent, by the PSP's own record; and our ledger agrees with it.</summary>
public sealed class PspChecker(JournalChecker journal, CheckReport report)
{
    private readonly Dictionary<string, PspFact> _byReference = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Funds> _funds = new(StringComparer.Ordinal);

    // An order's money as the provider's record has it, whatever the order itself believes.
    private readonly record struct Funds(long Authorized, long Captured, long Refunded, bool IsVoided);

    /// <summary>The next effective (not declined) operation of the PSP's record.</summary>
    public void Take(PspFact fact)
    {
        report.PspRecords++;
        if (!_byReference.TryAdd(fact.Reference, fact))
            report.Add(3, fact.Reference, $"was done twice by the PSP: {_byReference[fact.Reference].OperationId} and {fact.OperationId}");
        var separator = fact.Reference.IndexOf(':', StringComparison.Ordinal);
        if (separator < 0 || !OrderId.TryParse(fact.Reference[..separator], out var id) || !journal.Orders.TryGetValue(id, out var order)
            || !IsAskedFor(order.Order, fact))
            report.Add(11, fact.Reference, $"was done by the PSP as {fact.OperationId}, and no order asks for it");
        if (separator > 0)
            Move(fact.Reference[..separator], fact);
    }

    private void Move(string order, PspFact fact)
    {
        ref var funds = ref CollectionsMarshal.GetValueRefOrAddDefault(_funds, order, out _);
        var before = funds;
        funds = fact.Kind switch
        {
            "authorize" => before with { Authorized = before.Authorized + fact.AmountMinor },
            "capture" => before with { Captured = before.Captured + fact.AmountMinor },
            "refund" => before with { Refunded = before.Refunded + fact.AmountMinor },
            _ => before with { IsVoided = true },
        };
        // An authorization that was voided may be followed by another.
        if (fact.Kind == "authorize" && before.Authorized > 0 && !before.IsVoided)
            report.Add(3, fact.Reference, $"authorized {fact.AmountMinor} more while {before.Authorized} were authorized");
        if (fact.AmountMinor < 0 || funds.Refunded > funds.Captured || funds.Captured > funds.Authorized
            || (fact.Kind == "capture" && before.IsVoided) || (fact.Kind == "void" && before.Captured > 0))
            report.Add(6, fact.Reference, $"does not follow from {before}");
    }

    /// <summary>After the last record.</summary>
    public void Finish()
    {
        foreach (var (id, order) in journal.Orders)
        {
            var payment = order.Order.Payment;
            var (authorized, captured, refunded) = (Sum(order.Order, PaymentStep.Authorize), Sum(order.Order, PaymentStep.Capture), Sum(order.Order, PaymentStep.Refund));
            // An operation that is still pending may or may not have happened; nothing else may differ.
            var pending = payment.Pending;
            Compare(id, "authorized", payment.AuthorizedMinor, authorized, pending?.Step == PaymentStep.Authorize ? pending.AmountMinor : 0);
            Compare(id, "captured", payment.CapturedMinor, captured, pending?.Step == PaymentStep.Capture ? pending.AmountMinor : 0);
            Compare(id, "refunded", payment.RefundedMinor, refunded, pending?.Step == PaymentStep.Refund ? pending.AmountMinor : 0);
            if (payment.IsVoided && Sum(order.Order, PaymentStep.Void) == 0)
                report.Add(3, id.ToString(), "is voided here and not at the PSP");
        }
    }

    // Under this key, of this kind and in this currency: a charge under any other key is a charge too many.
    private static bool IsAskedFor(Order order, PspFact fact)
    {
        foreach (var step in Enum.GetValues<PaymentStep>())
        {
            for (var number = 1; number <= order.Payment.Requests(step); number++)
            {
                if (order.PaymentKey(step, number) == fact.Reference)
                    return fact.Kind == step.ToString().ToLowerInvariant() && fact.CurrencyCode == order.Placement.Currency.Code;
            }
        }

        return false;
    }

    private void Compare(OrderId id, string what, long ours, long theirs, long mayDiffer)
    {
        if (theirs != ours && theirs != ours + mayDiffer)
            report.Add(3, id.ToString(), $"has {ours} {what} here and {theirs} at the PSP");
    }

    private long Sum(Order order, PaymentStep step)
    {
        var sum = 0L;
        for (var number = 1; number <= order.Payment.Requests(step); number++)
        {
            if (_byReference.TryGetValue(order.PaymentKey(step, number), out var fact))
                sum += fact.AmountMinor;
        }

        return sum;
    }
}
