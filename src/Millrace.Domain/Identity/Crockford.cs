namespace Millrace.Domain.Identity;

/// <summary>Crockford base32 of 128 bits: 26 characters, upper case, no I, L, O, U. https://www.crockford.com/base32.html</summary>
internal static class Crockford
{
    public const int Length = 26;
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    public static void Encode(UInt128 bits, Span<char> destination)
    {
        // 26 × 5 = 130 bits: the first character carries only the top three.
        for (var i = Length - 1; i >= 0; i--)
        {
            destination[i] = Alphabet[(int)(uint)bits & 31];
            bits >>= 5;
        }
    }

    public static bool TryDecode(ReadOnlySpan<char> text, out UInt128 bits)
    {
        bits = UInt128.Zero;
        if (text.Length != Length || Digit(text[0]) > 7)
            return false;
        foreach (var c in text)
        {
            var digit = Digit(c);
            if (digit < 0)
                return false;
            bits = (bits << 5) | (uint)digit;
        }

        return true;
    }

    // Strict: one spelling per id, so that an id can be compared as text anywhere.
    private static int Digit(char c) => c < 128 ? Alphabet.IndexOf(c, StringComparison.Ordinal) : -1;
}
