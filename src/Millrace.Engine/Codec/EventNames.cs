using System.Diagnostics;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Engine.Codec;

/// <summary>
/// The stored name and number of every event. The number is in the journal, the name in the API and the feed.
/// Neither ever changes or is used again; a new shape of an event is a new row with the next version.
/// </summary>
public static class EventNames
{
    /// <summary>Of all events that orders have.</summary>
    public static IEnumerable<string> OfOrders => OrderNames.Skip(1);

    public static string Of(OrderEvent fact) => OrderNames[OrderTag(fact)];

    public static string Of(StockEvent fact) => StockNames[StockTag(fact)];

    internal static byte OrderTag(OrderEvent fact) => fact switch
    {
        OrderEvent.Placed => 1,
        OrderEvent.ExternalIdRequested => 2,
        OrderEvent.ExternalIdGranted => 3,
        OrderEvent.ExternalIdRefused => 4,
        OrderEvent.ReservationRequested => 5,
        OrderEvent.StockReserved => 6,
        OrderEvent.StockRefused => 7,
        OrderEvent.StockMoveRequested => 8,
        OrderEvent.StockMoved => 9,
        OrderEvent.PaymentRequested => 10,
        OrderEvent.PaymentSucceeded => 11,
        OrderEvent.PaymentDeclined => 12,
        OrderEvent.PaymentUnknown => 13,
        OrderEvent.HoldPlaced => 14,
        OrderEvent.HoldReleased => 15,
        OrderEvent.ClosingStarted => 16,
        OrderEvent.Confirmed => 17,
        OrderEvent.Shipped => 18,
        OrderEvent.Delivered => 19,
        OrderEvent.Completed => 20,
        OrderEvent.Closed => 21,
        OrderEvent.Parked => 22,
        OrderEvent.Resumed => 23,
        OrderEvent.AnswerSetAside => 24,
        _ => throw new UnreachableException(),
    };

    internal static byte StockTag(StockEvent fact) => fact switch
    {
        StockEvent.ItemDefined => 1,
        StockEvent.Adjusted => 2,
        StockEvent.Reserved => 3,
        StockEvent.ReservationRefused => 4,
        StockEvent.Moved => 5,
        _ => throw new UnreachableException(),
    };

    private static readonly string[] OrderNames =
    [
        "", "order.placed.v1", "order.external_id_requested.v1", "order.external_id_granted.v1", "order.external_id_refused.v1",
        "order.reservation_requested.v1", "order.stock_reserved.v1", "order.stock_refused.v1", "order.stock_move_requested.v1",
        "order.stock_moved.v1", "order.payment_requested.v1", "order.payment_succeeded.v1", "order.payment_declined.v1",
        "order.payment_unknown.v1", "order.hold_placed.v1", "order.hold_released.v1", "order.closing_started.v1",
        "order.confirmed.v1", "order.shipped.v1", "order.delivered.v1", "order.completed.v1", "order.closed.v1",
        "order.parked.v1", "order.resumed.v1", "order.answer_set_aside.v1",
    ];

    private static readonly string[] StockNames =
        ["", "stock.item_defined.v1", "stock.adjusted.v1", "stock.reserved.v1", "stock.reservation_refused.v1", "stock.moved.v1"];
}
