using System.Globalization;

namespace Millrace.Api.Edge;

/// <summary>Reads times as RFC 3339 writes them; an offset is required.</summary>
internal static class Rfc3339
{
    private static readonly string[] Formats = ["yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK"];

    public static bool TryParse(string? text, out long unixMs)
    {
        unixMs = 0;
        // K would also take a time without an offset, as local to this machine.
        if (text is null || text.Length is < 20 or > 35 || (text[^1] != 'Z' && text[^6] is not ('+' or '-')))
            return false;
        if (!DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var time))
            return false;
        unixMs = time.ToUnixTimeMilliseconds();
        return unixMs >= 0;
    }
}
