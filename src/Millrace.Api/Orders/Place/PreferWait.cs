using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Millrace.Api.Orders.Place;

/// <summary><c>Prefer: wait=N</c> (RFC 7240). A preference that cannot be understood is ignored, as the RFC asks.</summary>
internal static class PreferWait
{
    public const int MaxSeconds = 30;

    /// <returns>Seconds to wait, at most 30; 0 for not at all.</returns>
    public static int Read(StringValues prefer)
    {
        foreach (var header in prefer)
        {
            foreach (var part in (header ?? "").Split(',', ';'))
            {
                var preference = part.AsSpan().Trim();
                if (!preference.StartsWith("wait=", StringComparison.OrdinalIgnoreCase) || preference.Length == 5 || preference[5..].ContainsAnyExceptInRange('0', '9'))
                    continue;
                // More than a number holds is more than is waited for, too.
                return int.TryParse(preference[5..], NumberStyles.None, provider: null, out var seconds) ? Math.Min(seconds, MaxSeconds) : MaxSeconds;
            }
        }

        return 0;
    }
}
