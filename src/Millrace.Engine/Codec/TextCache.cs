using System.Text;

namespace Millrace.Engine.Codec;

/// <summary>
/// One string for texts that come again and again: SKUs, locations, currencies, names of taxes; never for those of persons. Bounded and lock-free: a slot
/// is overwritten by the latest text that hashes to it, and references are read and written whole.
/// </summary>
public static class TextCache
{
    // 512 KiB of references at most: 10,000 hot SKUs rarely meet in a slot.
    private const int Slots = 1 << 16;
    private const int MaxLength = 64;
    private static readonly string?[] Cached = new string?[Slots];

    /// <summary>The text of any bytes; only short ASCII ones are kept.</summary>
    public static string GetUtf8(ReadOnlySpan<byte> utf8) =>
        utf8.Length <= MaxLength && Ascii.IsValid(utf8) ? Get(utf8) : Encoding.UTF8.GetString(utf8);

    /// <param name="ascii">ASCII only.</param>
    public static string Get(ReadOnlySpan<byte> ascii)
    {
        if (ascii.Length > MaxLength)
            return Encoding.ASCII.GetString(ascii);
        var hash = System.IO.Hashing.XxHash3.HashToUInt64(ascii);
        ref var slot = ref Cached[hash & (Slots - 1)];
        var cached = Volatile.Read(ref slot);
        if (cached is not null && Ascii.Equals(ascii, cached))
            return cached;
        var text = Encoding.ASCII.GetString(ascii);
        Volatile.Write(ref slot, text);
        return text;
    }
}
