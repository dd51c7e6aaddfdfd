using System.Buffers.Binary;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Text;
using Millrace.Domain.Identity;

namespace Millrace.Api.Orders.Read;

/// <summary>
/// The place in a list where the next page begins: an order id, and a hash of tenant and filters so that a cursor is
/// refused by any other list. Opaque to clients; no secret, since a page shows only its own tenant's orders anyway.
/// </summary>
internal static class OrderCursor
{
    private const int Length = OrderId.ByteLength + sizeof(uint);

    public static string Write(OrderId before, string list)
    {
        Span<byte> bytes = stackalloc byte[Length];
        before.WriteTo(bytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[OrderId.ByteLength..], HashOf(list));
        return Base64Url.EncodeToString(bytes);
    }

    public static bool TryRead(string cursor, string list, out OrderId before)
    {
        before = default;
        Span<byte> bytes = stackalloc byte[Length];
        return cursor.Length <= 32 && Base64Url.IsValid(cursor)
            && Base64Url.TryDecodeFromChars(cursor, bytes, out var written) && written == Length
            && BinaryPrimitives.ReadUInt32BigEndian(bytes[OrderId.ByteLength..]) == HashOf(list)
            && OrderId.TryRead(bytes[..OrderId.ByteLength], out before);
    }

    private static uint HashOf(string list) => XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(list));
}
