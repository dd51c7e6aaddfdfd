namespace Millrace.Api.Caching;

/// <summary>Something that was read from its owner and may be shown again for a moment.</summary>
/// <param name="ReadAtUnixMs">When, by the clock of the node that read it.</param>
internal abstract record CachedRead(long ReadAtUnixMs);

/// <summary>Where an answer came from.</summary>
internal enum CacheOutcome
{
    /// <summary>From the cache, and as fresh as it promises.</summary>
    Hit,

    /// <summary>From the owner.</summary>
    Miss,

    /// <summary>From the cache, older than it promises: the owner could not be asked.</summary>
    Stale,
}

/// <summary>The owner could not be asked, or knows no such thing.</summary>
internal sealed class NotReadException(Problems.Problem problem) : Exception(problem.Detail)
{
    public Problems.Problem Problem { get; } = problem;
}
