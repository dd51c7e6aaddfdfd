namespace Millrace.Domain.Orders;

/// <summary>What may be asked of an order, or told to it.</summary>
public abstract record OrderCommand
{
    private OrderCommand() { }

    public sealed record Place(OrderPlacement Placement) : OrderCommand;

    public sealed record Cancel(string? Reason) : OrderCommand;

    /// <param name="ExpiresAtUnixMs">When the hold runs out; an order still pending then expires.</param>
    public sealed record PlaceHold(string HoldId, string Kind, string? Reason, long? ExpiresAtUnixMs) : OrderCommand;

    public sealed record ReleaseHold(string HoldId) : OrderCommand;

    public sealed record Ship(string? Carrier, string? Tracking) : OrderCommand;

    public sealed record Deliver : OrderCommand;

    /// <param name="AmountMinor">Null for all that is left.</param>
    public sealed record Refund(long? AmountMinor, string? Reason) : OrderCommand;

    /// <summary>Go on with a parked order.</summary>
    public sealed record Resume(string? Reason) : OrderCommand;

    /// <summary>Give up on the order for now, with what its decider threw.</summary>
    public sealed record Park(string Code, string Detail) : OrderCommand;

    /// <summary>Park, and keep the answer that its decider could not take: whoever gave it does not give it again.</summary>
    public sealed record SetAside(OrderCommand Answer, string Code, string Detail) : OrderCommand;

    /// <summary>A timer may have run out.</summary>
    public sealed record CheckDue : OrderCommand;

    public sealed record ExternalIdAnswered(bool IsGranted) : OrderCommand;

    public sealed record StockReserved(int Part, StockTake[] Takes) : OrderCommand;

    public sealed record StockRefused(int Part, string Code, string Sku) : OrderCommand;

    public sealed record StockMoved(int Part, StockStep Step) : OrderCommand;

    /// <summary>The PSP's answer or its webhook, whichever comes first.</summary>
    public sealed record PaymentSucceeded(PaymentStep Step, int Number, string Reference) : OrderCommand;

    public sealed record PaymentDeclined(PaymentStep Step, int Number, string Code, bool IsSoft) : OrderCommand;

    /// <param name="RetryAtUnixMs">When to use the key again.</param>
    /// <param name="IsLast">The retry budget is used up: park.</param>
    public sealed record PaymentUnknown(PaymentStep Step, int Number, string Error, long RetryAtUnixMs, bool IsLast) : OrderCommand;
}
