using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Api.Keys;

/// <summary>
/// The text of a key: <c>mr_live_</c>, 26 random base62 characters (154 bits), <c>_</c> and six characters of CRC-32 of all
/// that is before: a scanner of leaked secrets can tell a real key, and a mistyped one costs no look-up.
/// </summary>
internal static class ApiKeyFormat
{
    public const string Prefix = "mr_live_";
    private const int RandomLength = 26;
    private const int ChecksumLength = 6;
    private const int Length = 8 + RandomLength + 1 + ChecksumLength;
    private const string Base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    /// <returns>The text of a new key, and its hash.</returns>
    public static (string Text, byte[] Hash) Create()
    {
        var body = Prefix + RandomNumberGenerator.GetString(Base62, RandomLength);
        Span<char> checksum = stackalloc char[ChecksumLength];
        Checksum(body, checksum);
        var text = $"{body}_{checksum}";
        var hash = new byte[SHA256.HashSizeInBytes];
        TryHash(text, hash);
        return (text, hash);
    }

    /// <summary>Hashes a well-formed key.</summary>
    /// <param name="hash">Receives 32 bytes of SHA-256: the key has 154 random bits, so no salt or slow hash is needed.</param>
    public static bool TryHash(ReadOnlySpan<char> key, Span<byte> hash)
    {
        if (key.Length != Length || !key.StartsWith(Prefix, StringComparison.Ordinal) || key[^(ChecksumLength + 1)] != '_' || !Ascii.IsValid(key))
            return false;
        Span<char> checksum = stackalloc char[ChecksumLength];
        Checksum(key[..^(ChecksumLength + 1)], checksum);
        if (!key.EndsWith(checksum, StringComparison.Ordinal))
            return false;
        Span<byte> ascii = stackalloc byte[Length];
        Encoding.ASCII.GetBytes(key, ascii);
        SHA256.HashData(ascii, hash);
        return true;
    }

    private static void Checksum(ReadOnlySpan<char> text, Span<char> destination)
    {
        Span<byte> ascii = stackalloc byte[Length];
        var length = Encoding.ASCII.GetBytes(text, ascii);
        var crc = Crc32.HashToUInt32(ascii[..length]);
        // 62^6 is above 2^32: six characters always hold it.
        for (var i = ChecksumLength - 1; i >= 0; i--)
        {
            destination[i] = Base62[(int)(crc % 62)];
            crc /= 62;
        }
    }
}
