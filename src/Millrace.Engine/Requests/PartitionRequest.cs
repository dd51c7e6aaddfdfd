using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;

namespace Millrace.Engine.Requests;

/// <summary>What the edge asks of the partition that owns an order or a SKU.</summary>
public abstract record PartitionRequest
{
    private PartitionRequest() { }

    /// <summary>Places an order under the id made at the edge. A repeat of the key answers with the first order.</summary>
    public sealed record PlaceOrder(OrderId Id, OrderPlacement Placement, Actor Actor) : PartitionRequest;

    /// <param name="Tenant">Another merchant's order is not found; null for operations over all tenants.</param>
    /// <param name="Key">The idempotency key; null only for the pipeline's own commands.</param>
    /// <param name="ExpectedVersion">Refused with <see cref="ReplyStatus.VersionMismatch"/> when the order is at another version.</param>
    public sealed record ChangeOrder(
        OrderId Id, TenantId? Tenant, OrderCommand Command, Actor Actor, ChangeKey? Key, int? ExpectedVersion) : PartitionRequest;

    /// <summary>The order as of its last durable event.</summary>
    public sealed record ReadOrder(OrderId Id, TenantId? Tenant) : PartitionRequest;

    /// <summary>Answers once the order is confirmed or ended, with the order as it was then.</summary>
    /// <param name="UntilUnixMs">When the caller has given up: it is let go then, with a reply that says so.</param>
    public sealed record AwaitSettled(OrderId Id, TenantId? Tenant, long UntilUnixMs) : PartitionRequest;

    /// <summary>Catalog and stock changes.</summary>
    /// <param name="KeyHash">Makes an adjustment idempotent; null for an item's PUT.</param>
    /// <param name="ExpectedVersion">Refused with <see cref="ReplyStatus.VersionMismatch"/> when the item is at another version and something would change, or when there is none.</param>
    /// <param name="MustExist">Refused alike when there is no such item, or with false when there is one; null for either.</param>
    public sealed record ChangeStock(StockCommand Command, string Sku, UInt128? KeyHash, long? ExpectedVersion = null, bool? MustExist = null) : PartitionRequest
    {
        public bool IsConditional => ExpectedVersion is not null || MustExist is not null;
    }

    public sealed record ReadItem(TenantId Tenant, string Sku) : PartitionRequest;
}

public enum ReplyStatus
{
    /// <summary>Done and durable.</summary>
    Accepted = 1,

    /// <summary>True already: nothing changed.</summary>
    Unchanged = 2,

    /// <summary>A repeat of a key: the reply is the first one, rebuilt from the events.</summary>
    Replayed = 3,

    /// <summary>Refused by a rule; see the code. Nothing changed.</summary>
    Rejected = 4,

    NotFound = 5,

    /// <summary>The key was used with another payload.</summary>
    KeyReused = 6,

    /// <summary>The order, or the item, is at another version than expected.</summary>
    VersionMismatch = 7,

    /// <summary>The partition recovers, is full or could not commit: nothing is known to have happened; repeat with the same key.</summary>
    Unavailable = 8,
}

/// <param name="Status">How it ended.</param>
/// <param name="Order">The order after the change or as read; with <see cref="ReplyStatus.Replayed"/> as the first answer showed it.</param>
/// <param name="Document">The order's encoded history, whenever there is an order. With <see cref="PartitionRequest.ReadOrder"/> it ends with what
/// the order shows; else it may go on behind that, with what is not durable yet.</param>
/// <param name="Item">With stock requests.</param>
/// <param name="Code">Stable code of a refusal.</param>
/// <param name="Detail">The refusal in words.</param>
public sealed record PartitionReply(
    ReplyStatus Status,
    Order? Order = null,
    ReadOnlyMemory<byte> Document = default,
    StockItem? Item = null,
    string? Code = null,
    string? Detail = null)
{
    public static PartitionReply Unavailable(string code, string detail) => new(ReplyStatus.Unavailable, Code: code, Detail: detail);
}

/// <summary>Where a reply goes once everything it depends on is durable. Called on the partition's thread: it must not block.</summary>
public abstract class ReplySink
{
    public abstract void Complete(PartitionReply reply);
}
