using Millrace.Api.Admission;
using Millrace.Api.Caching;
using Millrace.Api.Edge;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Requests;

namespace Millrace.Api.Items;

/// <summary>What can be sold of an item, as it was at most a second ago.</summary>
/// <param name="IsBackorderable">More can be sold than there is, to whoever allows a backorder.</param>
internal sealed record Availability(string Sku, long Available, bool IsBackorderable, long ReadAtUnixMs) : CachedRead(ReadAtUnixMs)
{
    public static Availability Of(StockItem item, long nowMs) => new(item.Sku, Math.Max(0, item.Available), item.BackorderLimit > 0 && item.Available + item.BackorderLimit > 0, nowMs);
}

/// <summary>Reads availability through the cache: a shop window asks for the same few items over and over, and each question would go to the item's owner.</summary>
internal sealed class AvailabilityReads(AdmittedRouter router, NodeCache cache, TimeProvider time)
{
    // As long as its price is taken while its owner is away.
    private readonly CacheKind _kind = cache.NewKind("availability", whileAway: TimeSpan.FromMilliseconds(Cluster.Catalog.MostAgeUnaskedMs));

    /// <exception cref="NotReadException">There is no such item, or its owner is away and nothing is known of it.</exception>
    public ValueTask<(Availability Value, CacheOutcome Outcome)> GetAsync(TenantId tenant, string sku, CancellationToken cancellation) =>
        cache.GetAsync(_kind, Key(tenant, sku), token => ReadAsync(tenant, sku, token), cancellation);

    /// <summary>After a change that its maker must see at once: here and at the other nodes.</summary>
    public ValueTask ForgetAsync(StockItem item) => cache.RemoveAsync(_kind, Key(item.Tenant, item.Sku));

    private static string Key(TenantId tenant, string sku) => $"{tenant}:{sku}";

    private async Task<Availability> ReadAsync(TenantId tenant, string sku, CancellationToken cancellation)
    {
        var reply = await router.SendAsync(new PartitionRequest.ReadItem(tenant, sku), Priority.Read, tenant, null, cancellation);
        if (!reply.IsSuccess() || reply.Item is not { } item)
            throw new NotReadException(ItemEndpoints.ProblemOf(reply));
        return Availability.Of(item, time.GetUtcNow().ToUnixTimeMilliseconds());
    }
}
