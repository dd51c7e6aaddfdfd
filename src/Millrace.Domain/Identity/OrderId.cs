using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace Millrace.Domain.Identity;

/// <summary>
/// Names an order for ever. A valid UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, the partition that owns the
/// order in the 12 <c>rand_a</c> bits, 62 random bits. Shown as <c>ord_</c> and 26 characters of Crockford base32.
/// Comparison follows the bytes, so ids of one partition sort by the millisecond of their making.
/// </summary>
public readonly record struct OrderId : IComparable<OrderId>
{
    public const int MaxPartitions = 4096;
    public const int ByteLength = 16;
    private const string Prefix = "ord_";

    private readonly UInt128 _bits;

    private OrderId(UInt128 bits) => _bits = bits;

    /// <summary>The partition that owns the order, 0 to 4095.</summary>
    public int Partition => (int)(ulong)(_bits >> 64) & 0xFFF;

    /// <summary>When the id was made, in milliseconds since the Unix epoch.</summary>
    public long CreatedAtUnixMs => (long)(ulong)(_bits >> 80);

    /// <summary>32 of the id's own random bits: what spreads things without a generator, the same in every process.</summary>
    public uint Spread => (uint)_bits;

    public bool IsEmpty => _bits == UInt128.Zero;

    /// <param name="unixMs">Milliseconds since the Unix epoch, 0 to 2^48 − 1.</param>
    /// <param name="partition">0 to 4095.</param>
    /// <param name="random">62 bits are used.</param>
    public static OrderId Create(long unixMs, int partition, ulong random)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(unixMs);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(unixMs, (1L << 48) - 1);
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, MaxPartitions);
        var upper = ((ulong)unixMs << 16) | 0x7000UL | (uint)partition;
        var lower = 0x8000_0000_0000_0000UL | (random & 0x3FFF_FFFF_FFFF_FFFFUL);
        return new OrderId(new UInt128(upper, lower));
    }

    public void WriteTo(Span<byte> destination) => BinaryPrimitives.WriteUInt128BigEndian(destination, _bits);

    /// <summary>Reads what <see cref="WriteTo"/> wrote; false unless it is a UUIDv7.</summary>
    public static bool TryRead(ReadOnlySpan<byte> source, out OrderId id)
    {
        id = default;
        if (source.Length != ByteLength)
            return false;
        var bits = BinaryPrimitives.ReadUInt128BigEndian(source);
        if (!IsVersion7(bits))
            return false;
        id = new OrderId(bits);
        return true;
    }

    public static bool TryParse([NotNullWhen(true)] string? text, out OrderId id)
    {
        id = default;
        if (text is null || !text.StartsWith(Prefix, StringComparison.Ordinal)
            || !Crockford.TryDecode(text.AsSpan(Prefix.Length), out var bits) || !IsVersion7(bits))
            return false;
        id = new OrderId(bits);
        return true;
    }

    public override string ToString() =>
        string.Create(Prefix.Length + Crockford.Length, _bits, static (span, bits) =>
        {
            Prefix.CopyTo(span);
            Crockford.Encode(bits, span[Prefix.Length..]);
        });

    public int CompareTo(OrderId other) => _bits.CompareTo(other._bits);

    public static bool operator <(OrderId left, OrderId right) => left.CompareTo(right) < 0;
    public static bool operator >(OrderId left, OrderId right) => left.CompareTo(right) > 0;
    public static bool operator <=(OrderId left, OrderId right) => left.CompareTo(right) <= 0;
    public static bool operator >=(OrderId left, OrderId right) => left.CompareTo(right) >= 0;

    private static bool IsVersion7(UInt128 bits) =>
        ((ulong)(bits >> 64) & 0xF000) == 0x7000 && (ulong)bits >> 62 == 0b10;
}
