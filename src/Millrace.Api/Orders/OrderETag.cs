using Microsoft.Extensions.Primitives;
using Millrace.Api.Problems;

namespace Millrace.Api.Orders;

/// <summary>The strong validator of an order: its version (RFC 9110, section 8.8).</summary>
internal static class OrderETag
{
    public static string Of(long version) => $"\"{version}\"";

    /// <summary>A GET's condition is met by the version that the client has: answer 304. Comparison is weak here.</summary>
    public static bool IsNotModified(StringValues ifNoneMatch, long version) => ifNoneMatch.Count > 0 && IsNotModified(ifNoneMatch, Of(version));

    public static bool IsNotModified(StringValues ifNoneMatch, string tag)
    {
        foreach (var header in ifNoneMatch)
        {
            foreach (var part in (header ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                if (part == "*" || part == tag || (part.StartsWith("W/", StringComparison.Ordinal) && part.AsSpan(2).SequenceEqual(tag)))
                    return true;
            }
        }

        return false;
    }

    /// <summary>The version that a change is made for; null when any will do.</summary>
    /// <returns>Null when the header is good.</returns>
    public static Problem? ReadIfMatch(StringValues ifMatch, out int? version)
    {
        version = null;
        if (ifMatch.Count == 0 || (ifMatch.Count == 1 && ifMatch[0] == "*"))
            return null;
        if (ifMatch.Count == 1 && ifMatch[0] is ['"', .. var digits, '"'] && !digits.StartsWith('+')
            && int.TryParse(digits, System.Globalization.NumberStyles.None, provider: null, out var parsed))
        {
            version = parsed;
            return null;
        }

        return new Problem(ProblemKinds.InvalidHeader, "If-Match takes one ETag as this API gave it, or *.");
    }
}
