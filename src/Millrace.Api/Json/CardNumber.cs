namespace Millrace.Api.Json;

/// <summary>Finds card numbers in free text, so that none is ever stored.</summary>
internal static class CardNumber
{
    private const int MinDigits = 13;
    private const int MaxDigits = 19;

    /// <summary>
    /// True when 13 to 19 digits, with single spaces or hyphens between them allowed, pass the Luhn check and begin with 2 to 6, as the numbers of all card
    /// networks do (ISO/IEC 7812): that spares time stamps and most article numbers. What stands beside a number, as its month and year do, hides neither one
    /// without spaces nor one in the groups that cards have.
    /// </summary>
    public static bool IsIn(ReadOnlySpan<char> text)
    {
        if (text.Length < MinDigits)
            return false;
        for (var i = 0; i <= text.Length - MinDigits; i++)
        {
            if (text[i] is >= '2' and <= '6' && (i == 0 || !char.IsAsciiDigit(text[i - 1])) && !EndsAsIbanBegins(text[..i])
                && BeginsWithCard(text[i..], isWhole: !FollowsDigits(text[..i])))
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="text">Begins with a group of digits.</param>
    /// <param name="isWhole">Whether no other group stands before.</param>
    private static bool BeginsWithCard(ReadOnlySpan<char> text, bool isWhole)
    {
        Span<byte> digits = stackalloc byte[MaxDigits];
        Span<int> ends = stackalloc int[MaxDigits];
        var (count, groups) = (0, 0);
        for (var i = 0; i < text.Length && count < MaxDigits; i++)
        {
            digits[count++] = (byte)(text[i] - '0');
            if (i + 1 < text.Length && char.IsAsciiDigit(text[i + 1]))
                continue;
            ends[groups++] = count;
            var goesOn = i + 2 < text.Length && text[i + 1] is ' ' or '-' && char.IsAsciiDigit(text[i + 2]);
            if (count >= MinDigits && ((isWhole && !goesOn) || IsLayout(ends[..groups])) && HasLuhnDigit(digits[..count]))
                return true;
            if (!goesOn)
                return false;
            i++;
        }

        return false;
    }

    // ISO 13616: a country and two check digits. Printed, the rest of it stands in groups of four as a card's number does.
    private static bool EndsAsIbanBegins(ReadOnlySpan<char> before) =>
        before is [.., var one, var two, >= '0' and <= '9', >= '0' and <= '9', ' ' or '-'] && char.IsAsciiLetterUpper(one) && char.IsAsciiLetterUpper(two);

    private static bool FollowsDigits(ReadOnlySpan<char> before) => before is [.., >= '0' and <= '9', ' ' or '-'];

    // No group, or those that are printed on cards.
    private static bool IsLayout(ReadOnlySpan<int> ends) => ends is [_] or [4, 8, 12, 16] or [4, 8, 12, 16, 19] or [4, 10, 15] or [4, 10, 14];

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
