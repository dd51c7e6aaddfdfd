namespace Millrace.Api.Caching;

/// <summary>What an operator sets of caches between this server and the public.</summary>
public sealed record CdnOptions
{
    /// <summary>The default of <see cref="MaxAge"/>.</summary>
    public static readonly TimeSpan DefaultMaxAge = TimeSpan.FromSeconds(5);

    /// <summary>How long anybody may show a public answer without asking again, 1 s to 1 h in whole seconds. It bounds what nobody can be told of: browsers, and caches that are not purged.</summary>
    public TimeSpan MaxAge { get; init; } = DefaultMaxAge;

    /// <summary>Where shared caches are told which groups have changed, each by <c>POST</c> with the groups in <see cref="GroupHeader"/>. None: nothing is purged, and shared caches keep no longer than <see cref="MaxAge"/>.</summary>
    public IReadOnlyList<Uri> PurgeUrls { get; init; } = [];

    /// <summary>The header in which caches look for an answer's groups beside <c>Cache-Groups</c>: <c>Surrogate-Key</c> (separated by spaces) or <c>Cache-Tag</c> (by commas). Null for none; needed with <see cref="PurgeUrls"/>.</summary>
    public string? GroupHeader { get; init; }

    /// <summary>A header of purge requests by which the cache knows us; null for none. Never logged.</summary>
    public KeyValuePair<string, string>? PurgeCredential { get; init; }

    internal string Join(IEnumerable<string> groups) => string.Join(GroupHeader == "Cache-Tag" ? "," : " ", groups);
}
