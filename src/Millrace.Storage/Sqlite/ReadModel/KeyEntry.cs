using System.Buffers.Binary;
using Millrace.Domain.Identity;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>A key that leads to an order: a name, or a customer. Compared by key, then id, as its bytes are.</summary>
internal readonly record struct KeyEntry(UInt128 Key, OrderId Id) : IComparable<KeyEntry>
{
    public const int Length = 16 + OrderId.ByteLength;

    public static KeyEntry ReadFrom(ReadOnlySpan<byte> source) => OrderId.TryRead(source[16..Length], out var id)
        ? new KeyEntry(BinaryPrimitives.ReadUInt128BigEndian(source), id)
        : throw new InvalidDataException("The store holds an order id that is none.");

    public void WriteTo(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt128BigEndian(destination, Key);
        Id.WriteTo(destination[16..]);
    }

    public int CompareTo(KeyEntry other)
    {
        var byKey = Key.CompareTo(other.Key);
        return byKey != 0 ? byKey : Id.CompareTo(other.Id);
    }

    public static bool operator <(KeyEntry left, KeyEntry right) => left.CompareTo(right) < 0;
    public static bool operator >(KeyEntry left, KeyEntry right) => left.CompareTo(right) > 0;
    public static bool operator <=(KeyEntry left, KeyEntry right) => left.CompareTo(right) <= 0;
    public static bool operator >=(KeyEntry left, KeyEntry right) => left.CompareTo(right) >= 0;
}
