using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Millrace.Api.Tracking;

/// <summary>Whether a client would rather read than parse (RFC 9110, section 12.5.1).</summary>
internal static class MediaPreference
{
    public static bool IsForHtml(StringValues accept)
    {
        // What programs send, and nearly all that storms send.
        if (accept.Count == 0 || !accept.ToString().Contains("text/", StringComparison.OrdinalIgnoreCase))
            return false;
        return MediaTypeHeaderValue.TryParseList([.. accept.OfType<string>()], out var ranges)
            && Quality(ranges, "text", "html") > Quality(ranges, "application", "json");
    }

    // The most specific range decides.
    private static double Quality(IList<MediaTypeHeaderValue> ranges, string type, string subtype)
    {
        var best = ranges.Where(range => range.MatchesAllTypes || (range.Type.Equals(type, StringComparison.OrdinalIgnoreCase)
                && (range.MatchesAllSubTypes || range.SubType.Equals(subtype, StringComparison.OrdinalIgnoreCase))))
            .MaxBy(range => range.MatchesAllTypes ? 0 : range.MatchesAllSubTypes ? 1 : 2);
        return best is null ? 0 : best.Quality ?? 1;
    }
}
