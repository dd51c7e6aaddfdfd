using ZiggyCreatures.Caching.Fusion;

namespace Millrace.Api.Caching;

/// <summary>One kind of thing that is cached.</summary>
internal sealed class CacheKind
{
    private static readonly TimeSpan OwnerSoft = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan OwnerHard = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RedisSoft = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RedisHard = TimeSpan.FromMilliseconds(250);
    private readonly long[] _outcomes = new long[Enum.GetValues<CacheOutcome>().Length];

    /// <param name="name">In keys and metrics.</param>
    /// <param name="freshness">How old it may be.</param>
    /// <param name="whileAway">How old while its owner cannot be asked.</param>
    public CacheKind(string name, TimeSpan freshness, TimeSpan whileAway)
    {
        (Name, Prefix) = (name, name + ":");
        Options = new FusionCacheEntryOptions(freshness)
        {
            Size = 1,
            // Not all that a storm asked for ends in the same moment.
            JitterMaxDuration = freshness / 10,
            IsFailSafeEnabled = true,
            FailSafeMaxDuration = whileAway,
            FailSafeThrottleDuration = freshness,
            // With an old answer at hand nobody waits long for a new one. What comes too late is not kept: it may be from before a change that was told meanwhile.
            FactorySoftTimeout = OwnerSoft,
            FactoryHardTimeout = OwnerHard,
            AllowTimedOutFactoryBackgroundCompletion = false,
            DistributedCacheSoftTimeout = RedisSoft,
            DistributedCacheHardTimeout = RedisHard,
            AllowBackgroundDistributedCacheOperations = true,
            AllowBackgroundBackplaneOperations = true,
        };
        Removal = Options.Duplicate();
        Removal.AllowBackgroundDistributedCacheOperations = Removal.AllowBackgroundBackplaneOperations = false;
    }

    public string Name { get; }

    public string Prefix { get; }

    public void Note(CacheOutcome outcome) => Interlocked.Increment(ref _outcomes[(int)outcome]);

    /// <summary>Since the start.</summary>
    public long Count(CacheOutcome outcome) => Interlocked.Read(ref _outcomes[(int)outcome]);

    public FusionCacheEntryOptions Options { get; }

    public FusionCacheEntryOptions Removal { get; }
}
