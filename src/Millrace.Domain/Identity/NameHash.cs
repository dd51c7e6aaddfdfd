using System.Runtime.InteropServices;

namespace Millrace.Domain.Identity;

/// <summary>
/// 128-bit hashes of the names that must be unique: idempotency keys and external ids. Stored; never to change.
/// SHA-256 cut to 128 bits, since a merchant may choose names freely and a collision would join two orders.
/// </summary>
public static class NameHash
{
    public static UInt128 PlaceKey(TenantId tenant, string key) => Of("place", tenant.Value, key);

    public static UInt128 ExternalId(TenantId tenant, string externalId) => Of("external", tenant.Value, externalId);

    public static UInt128 ChangeKey(TenantId tenant, string route, string key) => Of(route, tenant.Value, key);

    private static UInt128 Of(string kind, string tenant, string name)
    {
        // Zero separates the parts; none of them can contain it.
        var length = kind.Length + tenant.Length + name.Length + 2;
        Span<char> text = length <= 512 ? stackalloc char[length] : new char[length];
        kind.CopyTo(text);
        text[kind.Length] = '\0';
        tenant.CopyTo(text[(kind.Length + 1)..]);
        text[kind.Length + 1 + tenant.Length] = '\0';
        name.CopyTo(text[(kind.Length + tenant.Length + 2)..]);
        Span<byte> digest = stackalloc byte[32];
        System.Security.Cryptography.SHA256.HashData(MemoryMarshal.AsBytes(text), digest);
        return System.Buffers.Binary.BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
