using System.Globalization;

namespace Millrace.Api.Edge;

/// <summary>Reads times as RFC 3339 writes them; an offset is required.</summary>
internal static class Rfc3339
{
    // As fine as the clock here counts; what is written finer (nanoseconds, of other languages) is cut.
    private const int MostDigits = 7;
    private static readonly string[] Formats = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    public static bool TryParse(string? text, out long unixMs)
    {
        unixMs = 0;
        // K would also take a time without an offset, as local to this machine.
        if (text is null || text.Length is < 20 or > 35 || (text[^1] != 'Z' && text[^6] is not ('+' or '-')))
            return false;
        if (!DateTimeOffset.TryParseExact(Cut(text), Formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time))
            return false;
        unixMs = time.ToUnixTimeMilliseconds();
        return unixMs >= 0;
    }

    private static string Cut(string text)
    {
        var (from, end) = (20 + MostDigits, 20);
        while (end < text.Length && char.IsAsciiDigit(text[end]))
            end++;
        return text[19] == '.' && end > from ? text.Remove(from, end - from) : text;
    }
}
