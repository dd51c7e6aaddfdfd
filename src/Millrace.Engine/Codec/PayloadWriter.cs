using System.Buffers.Binary;
using System.Text;
using Millrace.Domain.Identity;

namespace Millrace.Engine.Codec;

/// <summary>
/// Writes compact binary into a buffer that grows and is used again. Integers are LEB128 varints, signed ones
/// zigzag; text is length-prefixed UTF-8; fixed-width values are little-endian, ids big-endian (they sort).
/// </summary>
public sealed class PayloadWriter(int capacity = 256)
{
    private byte[] _buffer = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Good until something more is written or it is cleared.</summary>
    public ReadOnlyMemory<byte> WrittenMemory => _buffer.AsMemory(0, Length);

    public byte[] ToArray() => Written.ToArray();

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void Bool(bool value) => Byte(value ? (byte)1 : (byte)0);

    public void Unsigned(ulong value)
    {
        var span = Reserve(10);
        var i = 0;
        while (value >= 0x80)
        {
            span[i++] = (byte)(value | 0x80);
            value >>= 7;
        }

        span[i++] = (byte)value;
        Length -= 10 - i;
    }

    public void Int(int value) => Unsigned((uint)value);

    public void Signed(long value) => Unsigned((ulong)((value << 1) ^ (value >> 63)));

    public void Hash(UInt128 value) => BinaryPrimitives.WriteUInt128LittleEndian(Reserve(16), value);

    public void Id(OrderId id) => id.WriteTo(Reserve(OrderId.ByteLength));

    public void Text(string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        if (most < 0x80)
        {
            var span = Reserve(1 + most);
            var written = Encoding.UTF8.GetBytes(value, span[1..]);
            span[0] = (byte)written;
            Length -= most - written;
            return;
        }

        Unsigned((ulong)Encoding.UTF8.GetByteCount(value));
        var body = Reserve(most);
        Length -= most - Encoding.UTF8.GetBytes(value, body);
    }

    /// <summary>Null and text are told apart by a leading flag.</summary>
    public void OptionalText(string? value)
    {
        Bool(value is not null);
        if (value is not null)
            Text(value);
    }

    public void OptionalSigned(long? value)
    {
        Bool(value is not null);
        if (value is { } some)
            Signed(some);
    }

    public void Bytes(ReadOnlySpan<byte> value) => value.CopyTo(Reserve(value.Length));

    private Span<byte> Reserve(int count)
    {
        if (_buffer.Length - Length < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, Length + count));
        var span = _buffer.AsSpan(Length, count);
        Length += count;
        return span;
    }
}
