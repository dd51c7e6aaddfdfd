using System.Globalization;
using System.IO.Hashing;

namespace Millrace.Api.Caching;

/// <summary>Headers of answers that anybody may keep (RFC 9111, 5861, 9875).</summary>
internal static class PublicCaching
{
    /// <summary>How long a shared cache keeps what it will be told to let go.</summary>
    private static readonly TimeSpan PurgedMaxAge = TimeSpan.FromSeconds(60);

    // While one request asks again, the others are shown the old: nobody waits at the end of a max-age.
    private static readonly TimeSpan WhileRevalidating = TimeSpan.FromSeconds(30);

    // A cache that cannot reach us goes on.
    private static readonly TimeSpan WhileBroken = TimeSpan.FromDays(1);

    /// <summary>How long after an answer a shared cache may show it without having asked again, while this server can be reached.</summary>
    public static readonly TimeSpan LongestKept = PurgedMaxAge + WhileRevalidating;

    /// <param name="response">The answer.</param>
    /// <param name="options">What the operator has set.</param>
    /// <param name="outcome">A stale answer is kept for a second: the owner may be back.</param>
    /// <param name="isPurged">Shared caches will be told when it changes.</param>
    /// <param name="groups">What it is purged with.</param>
    public static void Apply(HttpResponse response, CdnOptions options, CacheOutcome outcome, bool isPurged, string[] groups)
    {
        var maxAge = outcome == CacheOutcome.Stale ? TimeSpan.FromSeconds(1) : options.MaxAge;
        var shared = outcome == CacheOutcome.Stale || !isPurged ? maxAge : PurgedMaxAge;
        response.Headers.CacheControl = string.Create(CultureInfo.InvariantCulture,
            $"public, max-age={maxAge.TotalSeconds}, s-maxage={shared.TotalSeconds}, stale-while-revalidate={WhileRevalidating.TotalSeconds}, stale-if-error={WhileBroken.TotalSeconds}");
        response.Headers["Cache-Groups"] = string.Join(", ", groups.Select(group => $"\"{group}\""));
        response.Headers["Cache-Status"] = Status(outcome);
        if (options.GroupHeader is { } header)
            response.Headers[header] = options.Join(groups);
    }

    /// <summary>Of an answer's bytes: the same at every node, and another only when something is to be seen.</summary>
    public static string ETag(ReadOnlySpan<byte> body) => $"\"{XxHash3.HashToUInt64(body):x16}\"";

    /// <summary>What this server's own cache did (RFC 9211).</summary>
    public static string Status(CacheOutcome outcome) => outcome switch
    {
        CacheOutcome.Hit => "millrace; hit",
        CacheOutcome.Miss => "millrace; fwd=miss",
        CacheOutcome.Stale => "millrace; hit; detail=stale",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
