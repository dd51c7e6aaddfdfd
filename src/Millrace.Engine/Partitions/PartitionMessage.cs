using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Engine.Partitions;

/// <summary>What one partition tells another, through an exactly-once <see cref="Channels">channel</see>.</summary>
public abstract record PartitionMessage
{
    private PartitionMessage() { }

    /// <summary>An order's demand on stock.</summary>
    public sealed record ToStock(StockCommand Command) : PartitionMessage;

    /// <summary>The answer to an order.</summary>
    public sealed record ToOrder(OrderId Order, OrderCommand Command) : PartitionMessage;

    /// <summary>Give this name to this order, unless it belongs to another.</summary>
    public sealed record ClaimName(UInt128 Hash, OrderId Order) : PartitionMessage;
}
