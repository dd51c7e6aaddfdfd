namespace Millrace.Domain.Orders;

/// <summary>The stored lifecycle. Numbers are stored: never change one.</summary>
public enum OrderStatus
{
    Pending = 1,
    Confirmed = 2,
    Completed = 3,
    Rejected = 4,
    Expired = 5,
    Canceled = 6,
}

public static class OrderStatusExtensions
{
    /// <summary>Terminal states are left only by a named, audited operation.</summary>
    public static bool IsTerminal(this OrderStatus status) => status >= OrderStatus.Completed;
}
