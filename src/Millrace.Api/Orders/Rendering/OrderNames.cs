using System.Diagnostics;
using Millrace.Domain.Orders;

namespace Millrace.Api.Orders.Rendering;

/// <summary>The words of the API for the domain's states. Stable; never derived from CLR names.</summary>
internal static class OrderNames
{
    private static readonly OrderStatus[] Statuses = Enum.GetValues<OrderStatus>();

    public static string Of(OrderStatus status) => status switch
    {
        OrderStatus.Pending => "pending",
        OrderStatus.Confirmed => "confirmed",
        OrderStatus.Completed => "completed",
        OrderStatus.Rejected => "rejected",
        OrderStatus.Expired => "expired",
        OrderStatus.Canceled => "canceled",
        _ => throw new UnreachableException(),
    };

    public static bool TryStatus(string name, out OrderStatus status)
    {
        status = Array.Find(Statuses, s => Of(s) == name);
        return status != default;
    }

    public static string Of(PaymentStep step) => step switch
    {
        PaymentStep.Authorize => "authorize",
        PaymentStep.Capture => "capture",
        PaymentStep.Void => "void",
        PaymentStep.Refund => "refund",
        _ => throw new UnreachableException(),
    };

    public static bool TryPaymentStep(ReadOnlySpan<char> name, out PaymentStep step)
    {
        step = name switch
        {
            "authorize" => PaymentStep.Authorize,
            "capture" => PaymentStep.Capture,
            "void" => PaymentStep.Void,
            "refund" => PaymentStep.Refund,
            _ => default,
        };
        return step != default;
    }

    public static string Of(StockStep step) => step switch
    {
        StockStep.Reserve => "reserve",
        StockStep.Allocate => "allocate",
        StockStep.Release => "release",
        StockStep.Deduct => "deduct",
        _ => throw new UnreachableException(),
    };

    public static string Of(StockPartStatus status) => status switch
    {
        StockPartStatus.Reserving => "reserving",
        StockPartStatus.Reserved => "reserved",
        StockPartStatus.Refused => "refused",
        StockPartStatus.Allocated => "allocated",
        StockPartStatus.Releasing => "releasing",
        StockPartStatus.Released => "released",
        StockPartStatus.Deducting => "deducting",
        StockPartStatus.Deducted => "deducted",
        _ => throw new UnreachableException(),
    };

    public static string Of(ActorKind kind) => kind switch
    {
        ActorKind.System => "system",
        ActorKind.ApiKey => "api_key",
        ActorKind.Operator => "operator",
        ActorKind.Psp => "psp",
        _ => throw new UnreachableException(),
    };

    /// <summary>Derived, never stored: not_paid, authorized, partially_captured, captured, partially_refunded, refunded, unknown.</summary>
    public static string PaymentStatus(Order order)
    {
        var payment = order.Payment;
        if (payment.Pending is { IsUnknown: true } || order.Parked is { Code: OrderParkCodes.PaymentUnknown })
            return "unknown";
        if (payment.RefundedMinor > 0)
            return payment.RefundedMinor >= payment.CapturedMinor ? "refunded" : "partially_refunded";
        if (payment.CapturedMinor > 0)
            return payment.CapturedMinor >= payment.AuthorizedMinor ? "captured" : "partially_captured";
        return payment.AuthorizedMinor > 0 && !payment.IsVoided ? "authorized" : "not_paid";
    }

    /// <summary>Derived, never stored.</summary>
    public static string FulfillmentStatus(Order order) => order.Fulfillment switch
    {
        null => "unfulfilled",
        { DeliveredAtUnixMs: null } => "fulfilled",
        _ => "delivered",
    };
}
