using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Caches;

/// <summary>Caches of a node since it started, and those between the server and the public.</summary>
/// <param name="Shared">Whether nodes share theirs through Redis.</param>
/// <param name="Data">The node's own.</param>
public sealed record CacheState(string Node, bool Shared, IReadOnlyList<CacheUse> Data, IReadOnlyList<SharedCache> SharedCaches);

/// <param name="Stale">Answered with what was known, because the owner could not be asked.</param>
public sealed record CacheUse(string Name, long Hits, long Misses, long Stale);

/// <param name="Working">It took what it was told last.</param>
/// <param name="Waiting">Groups that it has yet to be told of.</param>
public sealed record SharedCache(string Host, bool Working, long Waiting, long Sent, long Failed);

/// <summary>Caches; needs the scope <c>system:operate</c>.</summary>
public sealed class CachesClient
{
    private readonly Sender _sender;

    internal CachesClient(Sender sender) => _sender = sender;

    [Operation("get_caches")]
    public Task<Answer<CacheState>> GetAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/caches", options), ClientJson.Default.CacheState, cancellation);

    /// <summary>Has the shared caches drop every public answer.</summary>
    [Operation("purge_public_caches")]
    public Task<Answer<CacheState>> PurgePublicAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/caches/public", options), ClientJson.Default.CacheState, cancellation);
}
