using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Engine.ReadModel;

/// <summary>An order as the read model holds it: its whole event history and the columns that people search by.</summary>
/// <param name="Id">Also tells the partition and the time of creation.</param>
/// <param name="Tenant">The merchant it belongs to.</param>
/// <param name="Status">The stored lifecycle.</param>
/// <param name="Version">Count of its events.</param>
/// <param name="CustomerId">The merchant's id of the buyer.</param>
/// <param name="DueAtUnixMs">When the pipeline itself must look at it next; null when it waits for others.</param>
/// <param name="Attention">Why a person is asked; null when none is.</param>
/// <param name="Document">Its encoded events, in order.</param>
public readonly record struct OrderRow(
    OrderId Id,
    TenantId Tenant,
    OrderStatus Status,
    int Version,
    string? CustomerId,
    long? DueAtUnixMs,
    string? Attention,
    ReadOnlyMemory<byte> Document);

/// <summary>A catalog item with its stock at all locations, encoded.</summary>
public readonly record struct StockRow(TenantId Tenant, string Sku, ReadOnlyMemory<byte> Document);

/// <summary>A unique name that leads to an order: the hash of an idempotency key or of an external id.</summary>
/// <param name="Hash">128-bit hash of kind, tenant and name; see <c>NameHash</c>.</param>
/// <param name="Order">The order that owns the name.</param>
public readonly record struct NameRow(UInt128 Hash, OrderId Order);

/// <summary>Everything of a partition that changed since its last checkpoint, written in one transaction.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Epoch">Refused when no longer current.</param>
/// <param name="Seq">The rows show the journal up to and with this durable sequence.</param>
/// <param name="State">The partition's own state (channels), encoded; replaces the stored one.</param>
/// <param name="Orders">Upserted by id.</param>
/// <param name="Stock">Upserted by (tenant, SKU).</param>
/// <param name="Names">Inserted; a name that exists already keeps its order.</param>
public sealed record PartitionCheckpoint(
    int Partition,
    long Epoch,
    long Seq,
    ReadOnlyMemory<byte> State,
    IReadOnlyList<OrderRow> Orders,
    IReadOnlyList<StockRow> Stock,
    IReadOnlyList<NameRow> Names);

/// <summary>What a partition starts from before it reads the journal's tail.</summary>
/// <param name="Seq">The checkpointed sequence; 0 in a new store.</param>
/// <param name="State">As last checkpointed; empty in a new store.</param>
/// <param name="Stock">All items of the partition.</param>
/// <param name="DueOrders">Its orders with a <c>DueAtUnixMs</c>, soonest first.</param>
public sealed record PartitionSnapshot(
    long Seq,
    ReadOnlyMemory<byte> State,
    IReadOnlyList<StockRow> Stock,
    IReadOnlyList<OrderRow> DueOrders);
