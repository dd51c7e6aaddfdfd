using System.Buffers.Binary;
using System.Text;
using Millrace.Domain.Identity;

namespace Millrace.Engine.Codec;

/// <summary>Reads what <see cref="PayloadWriter"/> wrote. Anything else is a <see cref="PayloadException"/>, never a wrong value beyond the end.</summary>
public ref struct PayloadReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> _source = source;

    public int Position { get; private set; }

    public readonly bool IsAtEnd => Position == _source.Length;

    public byte Byte() => Take(1)[0];

    public bool Bool() => Byte() switch
    {
        0 => false,
        1 => true,
        var other => throw new PayloadException($"{other} is no boolean"),
    };

    public ulong Unsigned()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var b = Byte();
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
                return value;
        }

        throw new PayloadException("a varint is longer than ten bytes");
    }

    public int Int()
    {
        var value = Unsigned();
        return value <= int.MaxValue ? (int)value : throw new PayloadException($"{value} does not fit an int");
    }

    /// <summary>A count of things that take at least one byte each, so damaged input cannot ask for more memory than it has bytes.</summary>
    public int Count()
    {
        var value = Int();
        return value <= _source.Length - Position ? value : throw new PayloadException($"a count of {value} exceeds the payload");
    }

    public long Signed()
    {
        var value = Unsigned();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    public UInt128 Hash() => BinaryPrimitives.ReadUInt128LittleEndian(Take(16));

    public OrderId Id() => OrderId.TryRead(Take(OrderId.ByteLength), out var id) ? id : throw new PayloadException("an order id is not valid");

    public TenantId Tenant() => TenantId.TryParse(Code(), out var tenant) ? tenant : throw new PayloadException("a tenant id is not valid");

    public string Text() => Encoding.UTF8.GetString(Take(Count()));

    /// <summary>A text that comes again and again, such as a SKU.</summary>
    public string Code() => TextCache.GetUtf8(Take(Count()));

    /// <summary>As many bytes as the count before them says.</summary>
    public ReadOnlySpan<byte> Bytes() => Take(Count());

    public string? OptionalText() => Bool() ? Text() : null;

    public long? OptionalSigned() => Bool() ? Signed() : null;

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_source.Length - Position < count)
            throw new PayloadException("the payload ends too early");
        var span = _source.Slice(Position, count);
        Position += count;
        return span;
    }
}

/// <summary>A payload is not what its version says it is. A journal that does not decode halts its partition.</summary>
public sealed class PayloadException(string message) : Exception($"Payload cannot be read: {message}.");
