namespace Millrace.Api.Json;

/// <summary>Finds card numbers in free text, so that none is ever stored.</summary>
internal static class CardNumber
{
    private const int MinDigits = 13;
    private const int MaxDigits = 19;

    /// <summary>
    /// True when a run of 13 to 19 digits, with single spaces or hyphens between them allowed, passes the Luhn check and
    /// begins with 2 to 6, as the numbers of all card networks do (ISO/IEC 7812): that spares time stamps and most article numbers.
    /// </summary>
    public static bool IsIn(ReadOnlySpan<char> text)
    {
        if (text.Length < MinDigits)
            return false;
        Span<byte> digits = stackalloc byte[MaxDigits];
        var count = 0;
        var isSeparated = false;
        foreach (var c in text)
        {
            if (char.IsAsciiDigit(c))
            {
                if (count < MaxDigits)
                    digits[count] = (byte)(c - '0');
                count++;
                isSeparated = false;
            }
            else if (c is ' ' or '-' && count > 0 && !isSeparated)
            {
                isSeparated = true;
            }
            else
            {
                if (IsCard(digits, count))
                    return true;
                count = 0;
                isSeparated = false;
            }
        }

        return IsCard(digits, count);
    }

    private static bool IsCard(ReadOnlySpan<byte> digits, int count) =>
        count is >= MinDigits and <= MaxDigits && digits[0] is >= 2 and <= 6 && HasLuhnDigit(digits[..count]);

    // ISO/IEC 7812-1, annex B.
    private static bool HasLuhnDigit(ReadOnlySpan<byte> digits)
    {
        var sum = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            int digit = digits[^(i + 1)];
            if (i % 2 == 1)
                digit = digit > 4 ? (digit * 2) - 9 : digit * 2;
            sum += digit;
        }

        return sum % 10 == 0;
    }
}
