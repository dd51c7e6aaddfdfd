using System.Globalization;

namespace Millrace.Api.Limits;

/// <summary>The limits of one key, and those that it shares with the other keys of its tenant.</summary>
internal sealed class CallerLimits(RateBucket key, TenantLimits tenant)
{
    /// <summary>Takes one of each, or none of any.</summary>
    /// <param name="now">Nanoseconds of a clock that never goes back.</param>
    /// <param name="unixMs">The same moment.</param>
    /// <param name="refusedBy">Name of the limit that refused; null when the request may pass.</param>
    /// <returns>The limit that is nearest to its end, or the one that refused.</returns>
    public (string Name, Taken Taken) Take(long now, long unixMs, out string? refusedBy)
    {
        refusedBy = null;
        var ofKey = key.TryTake(now);
        if (!ofKey.IsTaken)
            return (refusedBy = "key", ofKey);
        var ofTenant = tenant.Bucket.TryTake(now);
        if (!ofTenant.IsTaken)
        {
            key.GiveBack();
            return (refusedBy = "tenant", ofTenant);
        }

        var ofDay = tenant.Daily.TryTake(unixMs);
        if (!ofDay.IsTaken)
        {
            key.GiveBack();
            tenant.Bucket.GiveBack();
            return (refusedBy = "day", ofDay);
        }

        if (ofDay.Remaining < Math.Min(ofKey.Remaining, ofTenant.Remaining))
            return ("day", ofDay);
        return ofTenant.Remaining < ofKey.Remaining ? ("tenant", ofTenant) : ("key", ofKey);
    }

    /// <summary>What holds, for the header of that name.</summary>
    public string Policy => tenant.Policy;
}

/// <summary>The limits of one tenant.</summary>
internal sealed class TenantLimits
{
    public TenantLimits(LimitSettings settings)
    {
        Settings = settings;
        Bucket = new RateBucket(settings.Tenant);
        Daily = new DailyQuota(settings.PerDay);
        Policy = Words(settings);
    }

    public RateBucket Bucket { get; }

    public DailyQuota Daily { get; }

    public string Policy { get; private set; }

    public LimitSettings Settings { get; private set; }

    /// <param name="settings">That hold from now on.</param>
    /// <param name="now">Nanoseconds of a clock that never goes back.</param>
    public void Change(LimitSettings settings, long now)
    {
        (Settings, Daily.Limit, Policy) = (settings, settings.PerDay, Words(settings));
        Bucket.Change(settings.Tenant, now);
    }

    // A full bucket, and how long it takes to fill.
    private static string Words(LimitSettings settings)
    {
        var policy = $"{Words("key", settings.Key)}, {Words("tenant", settings.Tenant)}";
        return settings.PerDay is { } day ? string.Create(CultureInfo.InvariantCulture, $"{policy}, \"day\";q={day};w=86400") : policy;
    }

    private static string Words(string name, Rate rate) =>
        string.Create(CultureInfo.InvariantCulture, $"\"{name}\";q={rate.Burst};w={Math.Max((rate.Burst + rate.PerSecond - 1) / rate.PerSecond, 1)}");
}
