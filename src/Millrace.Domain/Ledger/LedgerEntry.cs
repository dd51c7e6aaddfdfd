using Millrace.Domain.Orders;

namespace Millrace.Domain.Ledger;

/// <summary>Accounts of the order ledger.</summary>
public enum LedgerAccount
{
    /// <summary>Money that the PSP owes the merchant.</summary>
    PspReceivable = 1,

    /// <summary>Money taken for the order.</summary>
    Sales = 2,

    /// <summary>Money given back.</summary>
    Refunds = 3,

    /// <summary>What a buyer's bank holds for the order: a memorandum, reversed by capture or void.</summary>
    AuthorizationHeld = 4,

    /// <summary>Counterpart of <see cref="AuthorizationHeld"/>.</summary>
    AuthorizationPromised = 5,
}

/// <summary>One side of an entry: above zero a debit, below zero a credit, in minor units.</summary>
public sealed record LedgerPosting(LedgerAccount Account, long AmountMinor);

/// <summary>A money fact in double entry: its postings sum to zero.</summary>
/// <param name="Version">The order's version that the fact made; with the order it names the entry.</param>
/// <param name="Kind">authorize, capture, void or refund.</param>
/// <param name="Reference">The PSP's reference.</param>
public sealed record LedgerEntry(int Version, long AtUnixMs, PaymentStep Kind, string Reference, LedgerPosting[] Postings);

/// <summary>The ledger is a fold of the order's events: nothing else writes it, so it cannot disagree with them.</summary>
public static class OrderLedger
{
    /// <param name="before">The order before the event.</param>
    /// <returns>The entry, or null when the event is no money fact.</returns>
    public static LedgerEntry? EntryFor(Order? before, OrderEvent fact, EventContext context)
    {
        if (fact is not OrderEvent.PaymentSucceeded e || before?.Payment.Pending is not { } pending)
            return null;
        var amount = pending.AmountMinor;
        LedgerPosting[] postings = e.Step switch
        {
            PaymentStep.Authorize => Transfer(LedgerAccount.AuthorizationHeld, LedgerAccount.AuthorizationPromised, amount),
            PaymentStep.Void => Transfer(LedgerAccount.AuthorizationPromised, LedgerAccount.AuthorizationHeld, amount),
            PaymentStep.Capture =>
            [
                .. Transfer(LedgerAccount.PspReceivable, LedgerAccount.Sales, amount),
                .. Transfer(LedgerAccount.AuthorizationPromised, LedgerAccount.AuthorizationHeld, amount),
            ],
            PaymentStep.Refund => Transfer(LedgerAccount.Refunds, LedgerAccount.PspReceivable, amount),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        return new LedgerEntry(before.Version + 1, context.AtUnixMs, e.Step, e.Reference, postings);
    }

    private static LedgerPosting[] Transfer(LedgerAccount debit, LedgerAccount credit, long amount) =>
        [new(debit, amount), new(credit, -amount)];
}
