using System.Diagnostics;
using Millrace.Domain.Identity;

namespace Millrace.Domain.Orders;

public sealed record Hold(string Id, string Kind, string? Reason, string? Owner, long PlacedAtUnixMs, long? ExpiresAtUnixMs);

/// <summary>How far one stock partition is with its part of the order.</summary>
public enum StockPartStatus
{
    Reserving = 1,
    Reserved = 2,
    Refused = 3,
    Allocated = 4,
    Releasing = 5,
    Released = 6,
    Deducting = 7,
    Deducted = 8,
}

/// <param name="Partition">The partition that owns the SKUs.</param>
/// <param name="LineIndexes">Into the placement's lines.</param>
/// <param name="Status">How far it is.</param>
/// <param name="WasAllocated">What is to be released had been allocated, not only reserved.</param>
/// <param name="Takes">What is held, by location; empty until reserved.</param>
public sealed record StockPart(
    int Partition, int[] LineIndexes, StockPartStatus Status, bool WasAllocated, StockTake[] Takes)
{
    public bool IsInFlight => Status is StockPartStatus.Reserving
        or StockPartStatus.Releasing or StockPartStatus.Deducting;

    public bool HoldsStock => Status is StockPartStatus.Reserved or StockPartStatus.Allocated;
}

/// <summary>A payment intent whose outcome is not known yet.</summary>
/// <param name="Attempts">How often an attempt ended without a known outcome.</param>
/// <param name="RetryAtUnixMs">Not before this; 0 for at once.</param>
/// <param name="IsUnknown">An attempt ended without a known outcome, now or before a person let the order go on: it may have moved the money.</param>
public sealed record PendingPayment(PaymentStep Step, int Number, long AmountMinor, int Attempts, long RetryAtUnixMs, bool IsUnknown = false);

/// <summary>The order's money, from its own events. Refunded ≤ captured ≤ authorized, always.</summary>
/// <param name="AuthorizationReference">The PSP's name for the authorization; null before there is one.</param>
/// <param name="Pending">At most one operation is in flight.</param>
/// <param name="DeclineCode">Why the last request was refused, if it was.</param>
/// <param name="DeclinedMinor">What that request was for.</param>
public sealed record PaymentState(
    long AuthorizedMinor,
    long CapturedMinor,
    long RefundedMinor,
    bool IsVoided,
    string? AuthorizationReference,
    PendingPayment? Pending,
    PaymentStep? LastStep,
    int LastNumber,
    int AuthorizeRequests,
    int CaptureRequests,
    int VoidRequests,
    int RefundRequests,
    string? DeclineCode,
    long DeclinedMinor = 0)
{
    public static readonly PaymentState None = new(0, 0, 0, false, null, null, null, 0, 0, 0, 0, 0, null);

    /// <summary>Money held or taken that has not been given back.</summary>
    public bool HoldsMoney => CapturedMinor > RefundedMinor || (AuthorizedMinor > 0 && CapturedMinor == 0 && !IsVoided);

    public int Requests(PaymentStep step) => step switch
    {
        PaymentStep.Authorize => AuthorizeRequests,
        PaymentStep.Capture => CaptureRequests,
        PaymentStep.Void => VoidRequests,
        PaymentStep.Refund => RefundRequests,
        _ => throw new UnreachableException(),
    };
}

/// <summary>The one fulfillment of the order, in its simplest whole form.</summary>
public sealed record Fulfillment(
    long? ShippedAtUnixMs, string? Carrier, string? Tracking, long? DeliveredAtUnixMs);

public enum ExternalIdStatus
{
    None = 0,
    Requested = 1,
    Granted = 2,
}

public sealed record ParkedReason(string Code, string Detail, long AtUnixMs);

/// <summary>
/// An order as of its last event. Never changed once it has been given out, so a reader may keep it while the owner goes on; made only by
/// <see cref="Evolve(OrderId, Order?, OrderEvent, EventContext)"/>.
/// </summary>
public sealed record Order(
    OrderId Id,
    OrderPlacement Placement,
    OrderStatus Status,
    long PlacedAtUnixMs,
    ExternalIdStatus ExternalIdStatus,
    Hold[] Holds,
    StockPart[] StockParts,
    PaymentState Payment,
    Fulfillment? Fulfillment,
    Closing? Closing,
    ParkedReason? Parked)
{
    public OrderStatus Status { get; internal set; } = Status;

    public ExternalIdStatus ExternalIdStatus { get; internal set; } = ExternalIdStatus;

    public Hold[] Holds { get; internal set; } = Holds;

    public StockPart[] StockParts { get; internal set; } = StockParts;

    public PaymentState Payment { get; internal set; } = Payment;

    public Fulfillment? Fulfillment { get; internal set; } = Fulfillment;

    public Closing? Closing { get; internal set; } = Closing;

    public ParkedReason? Parked { get; internal set; } = Parked;

    /// <summary>Answers that wait for the order to be resumed, in the order in which they came.</summary>
    public OrderCommand[] SetAside { get; internal set; } = [];

    /// <summary>Count of its events.</summary>
    public int Version { get; internal set; } = 1;

    public long UpdatedAtUnixMs { get; internal set; } = PlacedAtUnixMs;

    /// <summary>The version at which it was confirmed or ended; null while it is pending.</summary>
    public int? SettledVersion { get; internal set; }

    /// <summary>When stock was asked for: a reservation's time begins here, however long the order was held before.</summary>
    public long? ReservationRequestedAtUnixMs { get; internal set; }

    /// <summary>The next time at which the pipeline itself must look at the order; null when it waits for others.</summary>
    public long? DueAtUnixMs => OrderSaga.DueAt(this);

    /// <summary>The state after one more event. Total: it refuses nothing that a decider made.</summary>
    /// <param name="id">Whose event it is.</param>
    /// <param name="order">Before; null only for <see cref="OrderEvent.Placed"/>.</param>
    public static Order Evolve(OrderId id, Order? order, OrderEvent fact, EventContext context) =>
        Evolve(id, order, ref order, fact, context);

    /// <summary>The state after all events of one decision.</summary>
    public static Order Evolve(OrderId id, Order? order, ReadOnlySpan<OrderEvent> facts, EventContext context)
    {
        var draft = order;
        foreach (var fact in facts)
            Evolve(id, order, ref draft, fact, context);
        return draft ?? throw new InvalidOperationException($"{id} has no event.");
    }

    /// <summary>The state after one more event of several: they share one copy, which nobody else sees before the last.</summary>
    /// <param name="id">Whose event it is.</param>
    /// <param name="shared">What others may have seen: never changed.</param>
    /// <param name="draft">Begins as <paramref name="shared"/>; afterwards what is returned, to be given with the next event.</param>
    public static Order Evolve(OrderId id, Order? shared, ref Order? draft, OrderEvent fact, EventContext context)
    {
        if (draft is null)
        {
            return draft = fact is OrderEvent.Placed placed
                ? new Order(id, placed.Placement, OrderStatus.Pending, context.AtUnixMs,
                    ExternalIdStatus.None, [], [], PaymentState.None, null, null, null)
                : throw new InvalidOperationException($"The first event of {id} is {fact.GetType().Name}.");
        }

        if (ReferenceEquals(draft, shared))
            draft = draft with { };
        OrderEvolution.Apply(draft, fact, context);
        return draft;
    }

    /// <summary>The key under which the PSP knows one payment request: the same for every attempt at it.</summary>
    public string PaymentKey(PaymentStep step, int number) => PaymentKey(Id, step, number);

    /// <inheritdoc cref="PaymentKey(PaymentStep, int)"/>
    public static string PaymentKey(OrderId id, PaymentStep step, int number) => $"{id}:{StepName(step)}:{number}";

    private static string StepName(PaymentStep step) => step switch
    {
        PaymentStep.Authorize => "authorize",
        PaymentStep.Capture => "capture",
        PaymentStep.Void => "void",
        PaymentStep.Refund => "refund",
        _ => throw new UnreachableException(),
    };
}
