namespace Millrace.Domain.Orders;

/// <summary>Why a command was refused; nothing changed. Codes are stable and documented.</summary>
public abstract record OrderRejection(string Code, string Detail)
{
    public sealed record NotFound() : OrderRejection("order_not_found", "There is no such order.");

    public sealed record AlreadyPlaced() : OrderRejection("already_placed", "An order with this id exists.");

    public sealed record InvalidOrder(string Reason) : OrderRejection("invalid_order", Reason);

    public sealed record NotCancelable(string Why)
        : OrderRejection("not_cancelable", $"An order that {Why} cannot be canceled.");

    public sealed record AlreadyShipped() : OrderRejection("already_shipped", "The parcel is under way: only a return can undo it, and what was said of it stands.");

    public sealed record NotHoldable(string Why)
        : OrderRejection("not_holdable", $"An order that {Why} cannot be held.");

    public sealed record HoldNotFound(string HoldId) : OrderRejection("hold_not_found", $"There is no hold '{HoldId}' on this order.");

    public sealed record TooManyHolds(string Why) : OrderRejection("too_many_holds", Why);

    public sealed record NotShippable(string Why) : OrderRejection("not_shippable", Why);

    public sealed record NotDeliverable() : OrderRejection("not_deliverable", "Only a shipped order can be delivered.");

    public sealed record PaymentInFlight() : OrderRejection("payment_in_flight", "A payment operation of this order is not settled yet.");

    public sealed record RefundTooLarge(long LeftMinor)
        : OrderRejection("refund_too_large", $"At most {LeftMinor} minor units can be refunded.");

    public sealed record NothingParked() : OrderRejection("not_parked", "The order is not parked.");

    public sealed record UnknownPayment() : OrderRejection("unknown_payment", "The order knows no such payment request.");
}
