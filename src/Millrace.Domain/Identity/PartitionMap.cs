namespace Millrace.Domain.Identity;

/// <summary>Which partition owns what. Fixed for the life of a store: the hashes below are stored facts.</summary>
public sealed class PartitionMap
{
    public PartitionMap(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, OrderId.MaxPartitions);
        Count = count;
    }

    public int Count { get; }

    /// <summary>The owner of a SKU's item and stock, at all locations.</summary>
    public int OwnerOfSku(TenantId tenant, string sku) => Reduce(Fnv1a(Fnv1a(Basis, tenant.Value), sku));

    /// <summary>The owner of a unique name: an idempotency key's partition is where its order is placed.</summary>
    public int OwnerOfName(UInt128 nameHash) => Reduce((ulong)nameHash ^ (ulong)(nameHash >> 64));

    private const ulong Basis = 14695981039346656037;

    // FNV-1a over UTF-16 code units (http://www.isthe.com/chongo/tech/comp/fnv/): small, pure, never to change.
    private static ulong Fnv1a(ulong hash, string text)
    {
        foreach (var c in text)
            hash = (hash ^ c) * 1099511628211;
        return (hash ^ 0xFF) * 1099511628211;
    }

    // FNV's low bits are weak for short text; a multiply-shift finalizer spreads them before the modulus.
    private int Reduce(ulong hash)
    {
        hash ^= hash >> 33;
        hash *= 0xFF51AFD7ED558CCD;
        hash ^= hash >> 33;
        return (int)(hash % (ulong)Count);
    }
}
