namespace Millrace.Domain.Orders;

/// <summary>Money operations against a PSP. Numbers are stored: never change one.</summary>
public enum PaymentStep
{
    Authorize = 1,
    Capture = 2,
    Void = 3,
    Refund = 4,
}

/// <summary>Stock operations that an order asks of the partitions that own its SKUs. Numbers are stored.</summary>
public enum StockStep
{
    Reserve = 1,
    Allocate = 2,
    Release = 3,
    Deduct = 4,
}

/// <summary>The terminal state that a compensating order is on its way to, with the reason shown to the merchant.</summary>
public sealed record Closing(OrderStatus Outcome, string Code, string? Detail);

/// <summary>Lines of the order whose SKUs one stock partition owns, as indexes into the placement's lines.</summary>
public sealed record StockPartLines(int Partition, int[] LineIndexes);

/// <summary>Units of one SKU taken at one location.</summary>
public sealed record StockTake(string Sku, string Location, int Quantity);

/// <summary>
/// A fact of one order's life. <c>…Requested</c> events are durable intents: what they ask for is done after
/// the journal has them, again after every crash, until a later event tells the outcome.
/// </summary>
public abstract record OrderEvent
{
    private OrderEvent() { }

    /// <summary>The order exists.</summary>
    public sealed record Placed(OrderPlacement Placement) : OrderEvent;

    /// <summary>Asks the partition that owns the external id to give it to this order.</summary>
    public sealed record ExternalIdRequested(int Partition) : OrderEvent;

    public sealed record ExternalIdGranted : OrderEvent;

    /// <summary>Another order has the external id.</summary>
    public sealed record ExternalIdRefused : OrderEvent;

    /// <summary>Asks every stock partition of the order to reserve its lines.</summary>
    public sealed record ReservationRequested(StockPartLines[] Parts) : OrderEvent;

    /// <summary>One stock partition holds its lines for this order.</summary>
    public sealed record StockReserved(int Part, StockTake[] Takes) : OrderEvent;

    /// <summary>One stock partition cannot hold its lines; it holds nothing of them.</summary>
    public sealed record StockRefused(int Part, string Code, string Sku) : OrderEvent;

    /// <summary>Asks every part that has something to allocate, release or deduct it.</summary>
    public sealed record StockMoveRequested(StockStep Step) : OrderEvent;

    /// <summary>One stock partition has done what <see cref="StockMoveRequested"/> asked.</summary>
    public sealed record StockMoved(int Part, StockStep Step) : OrderEvent;

    /// <summary>Asks the PSP. <paramref name="Number"/> counts the requests of this step, from 1, and with the step
    /// and the order makes the idempotency key.</summary>
    public sealed record PaymentRequested(PaymentStep Step, int Number, long AmountMinor) : OrderEvent;

    public sealed record PaymentSucceeded(PaymentStep Step, int Number, string Reference) : OrderEvent;

    public sealed record PaymentDeclined(PaymentStep Step, int Number, string Code, bool IsSoft) : OrderEvent;

    /// <summary>The PSP's answer is not known. The same key is used again at <paramref name="RetryAtUnixMs"/>.</summary>
    public sealed record PaymentUnknown(PaymentStep Step, int Number, int Attempt, string Error, long RetryAtUnixMs) : OrderEvent;

    public sealed record HoldPlaced(string HoldId, string Kind, string? Reason, long? ExpiresAtUnixMs) : OrderEvent;

    public sealed record HoldReleased(string HoldId) : OrderEvent;

    /// <summary>The order will end in <see cref="Closing.Outcome"/> once everything done for it is undone.</summary>
    public sealed record ClosingStarted(Closing Closing) : OrderEvent;

    public sealed record Confirmed : OrderEvent;

    public sealed record Shipped(string? Carrier, string? Tracking) : OrderEvent;

    public sealed record Delivered : OrderEvent;

    /// <summary>Everything is fulfilled and money is settled.</summary>
    public sealed record Completed : OrderEvent;

    /// <summary>Everything done for the order is undone; it ends as its <see cref="Order.Closing"/> says.</summary>
    public sealed record Closed : OrderEvent;

    /// <summary>The pipeline gives up for now and asks a person.</summary>
    public sealed record Parked(string Code, string Detail) : OrderEvent;

    /// <summary>An answer that made the decider throw is kept, to be decided again when the order goes on.</summary>
    public sealed record AnswerSetAside(OrderCommand Answer) : OrderEvent;

    /// <summary>A person tells the pipeline to go on.</summary>
    public sealed record Resumed(string? Reason) : OrderEvent;
}
