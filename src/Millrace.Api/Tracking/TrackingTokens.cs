using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Millrace.Api.Caching;
using Millrace.Domain.Identity;

namespace Millrace.Api.Tracking;

/// <summary>
/// What leads whoever has it to an order's progress, and to nothing else: the order's id and 128 bits of an HMAC over it, as 43 characters for a URL. Nothing is stored for it, and
/// one that was not given out here is told apart before anybody is asked for the order.
/// </summary>
internal sealed class TrackingTokens(StoreSecret secret)
{
    private const int MacLength = 16;
    private const int ByteLength = OrderId.ByteLength + MacLength;

    /// <summary>Characters of a token.</summary>
    public const int Length = 43;

    /// <summary>Of what <see cref="WritePath"/> writes.</summary>
    public const int PathLength = 10 + Length;

    // One a thread, since making one costs as much again as using it.
    [ThreadStatic]
    private static (TrackingTokens Owner, IncrementalHash Hash) _keyed;

    private static ReadOnlySpan<byte> Prefix => "/v1/track/"u8;

    /// <summary>Where the order's progress is shown, without a host: which name the public knows is the operator's to say. It is in the answer to every order that is placed, so it
    /// allocates nothing.</summary>
    public void WritePath(OrderId order, Span<byte> path)
    {
        Prefix.CopyTo(path);
        Write(order, path[Prefix.Length..]);
    }

    /// <summary>False for whatever is not, to the letter, a token of this store.</summary>
    public bool TryRead(string? text, out OrderId order)
    {
        order = default;
        Span<byte> token = stackalloc byte[ByteLength];
        if (text is not { Length: Length } || Base64Url.DecodeFromChars(text, token, out _, out var written) != OperationStatus.Done || written != ByteLength
            || !OrderId.TryRead(token[..OrderId.ByteLength], out var claimed))
            return false;
        // The text and not the bytes: several texts decode to the same bytes, and each would be an object of its own to a cache.
        Span<byte> given = stackalloc byte[Length];
        Span<byte> right = stackalloc byte[Length];
        Encoding.ASCII.GetBytes(text, given);
        Write(claimed, right);
        if (!CryptographicOperations.FixedTimeEquals(right, given))
            return false;
        order = claimed;
        return true;
    }

    private IncrementalHash Keyed()
    {
        if (_keyed.Owner != this)
            _keyed = (this, IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret.Value));
        return _keyed.Hash;
    }

    private void Write(OrderId order, Span<byte> text)
    {
        Span<byte> token = stackalloc byte[ByteLength];
        order.WriteTo(token);
        Span<byte> mac = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var hash = Keyed();
        hash.AppendData(token[..OrderId.ByteLength]);
        hash.GetHashAndReset(mac);
        mac[..MacLength].CopyTo(token[OrderId.ByteLength..]);
        Base64Url.EncodeToUtf8(token, text);
    }
}
