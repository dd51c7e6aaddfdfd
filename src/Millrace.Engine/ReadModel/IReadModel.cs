using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Engine.ReadModel;

/// <summary>A page of orders, newest first. Every condition that is set must hold.</summary>
/// <param name="Tenant">Only this merchant's; null for all (operations, checkers).</param>
/// <param name="Before">Keyset cursor: only ids below it; null from the newest.</param>
/// <param name="Limit">Most rows to return, 1 to 1,000.</param>
/// <param name="ScanLimit">Most rows to look at. A page may be shorter than <paramref name="Limit"/> and still have more behind it.</param>
/// <param name="Status">Only this status.</param>
/// <param name="CustomerId">Only this buyer (indexed).</param>
/// <param name="NeedsAttention">Only orders with an attention reason (indexed).</param>
/// <param name="CreatedAfterUnixMs">Only ids made at or after this time.</param>
/// <param name="AttentionCode">Only orders with this attention reason (indexed within a tenant).</param>
public sealed record OrderQuery(
    TenantId? Tenant,
    OrderId? Before,
    int Limit,
    int ScanLimit = 10_000,
    OrderStatus? Status = null,
    string? CustomerId = null,
    bool NeedsAttention = false,
    long? CreatedAfterUnixMs = null,
    string? AttentionCode = null);

/// <summary>A tenant's orders that wait for a person for one reason.</summary>
/// <param name="Code">The reason.</param>
/// <param name="Orders">How many they are; as many as were to be counted when they may be more.</param>
/// <param name="Oldest">Of all of them, counted or not.</param>
/// <param name="Newest">As <paramref name="Oldest"/>.</param>
public readonly record struct AttentionGroup(string Code, int Orders, OrderId Oldest, OrderId Newest);

/// <param name="Rows">Newest first.</param>
/// <param name="Next">The cursor that goes on, or null when nothing is left.</param>
public readonly record struct OrderPage(IReadOnlyList<OrderRow> Rows, OrderId? Next);

/// <summary>
/// Orders and stock as of each partition's checkpoint: recovery snapshot and read model in one. Thread-safe.
/// </summary>
public interface IReadModel
{
    /// <summary>Writes one partition's changes in one transaction, fenced by epoch like an append. A late copy of an older checkpoint
    /// than the stored one must change nothing: it would take the partition back behind rows that are newer.</summary>
    /// <returns>False when the epoch is no longer current: nothing was written.</returns>
    /// <exception cref="Journal.StoreUnavailableException">Nothing was written, or it is not known; write the same again.</exception>
    ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint);

    /// <summary>What the partition starts from. Call after the claim, before the tail.</summary>
    ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation);

    /// <summary>Reads the hashes of all names of the partition, in any order, a name perhaps more than once: a long read of a large partition, which serves meanwhile.</summary>
    /// <param name="take">Called for each, on one thread at a time.</param>
    ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation);

    /// <summary>One order as checkpointed; null when there is none.</summary>
    ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation);

    /// <summary>The order that owns a name in the partition; null when the name is free as of the checkpoint.</summary>
    ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation);

    ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation);

    /// <summary>The reasons why orders of a tenant wait for a person, by their codes. What it costs depends on the reasons and on <paramref name="most"/> alone.</summary>
    /// <param name="tenant">Whose.</param>
    /// <param name="most">How many orders of each reason to count at most, 1 or more.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation);
}
