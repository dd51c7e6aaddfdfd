using System.Collections.Concurrent;
using System.Globalization;
using Millrace.Api.Keys;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Engine.Administration;

namespace Millrace.Api.Limits;

/// <summary>The limits of all tenants and keys that have come by. Thread-safe. Their number is that of the keys.</summary>
public sealed class RateLimits : IAuditFollower
{
    private readonly ConcurrentDictionary<string, TenantLimits> _tenants = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Tenant, string Key), RateBucket> _keys = new();
    private readonly ConcurrentDictionary<string, LimitSettings> _settings = new(StringComparer.Ordinal);
    private readonly LimitSettings _defaults;
    private readonly TimeProvider _time;
    private readonly long _epoch;

    /// <param name="defaults">Of a tenant for which nothing else is set.</param>
    /// <param name="audit">Not yet read.</param>
    /// <param name="time">Our clock.</param>
    public RateLimits(LimitSettings defaults, AuditLog audit, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(audit);
        (_defaults, _time, _epoch) = (defaults, time, time.GetTimestamp());
        audit.Add(this);
    }

    /// <summary>A clock that never goes back, in nanoseconds.</summary>
    internal long Now => _time.GetElapsedTime(_epoch).Ticks * 100;

    internal IEnumerable<KeyValuePair<string, TenantLimits>> Tenants => _tenants;

    internal IEnumerable<KeyValuePair<(string Tenant, string Key), RateBucket>> Keys => _keys;

    public LimitSettings SettingsOf(string tenant) => SetFor(tenant) ?? _defaults;

    /// <summary>What somebody has set for the tenant; null where the defaults hold, whatever they are at the time.</summary>
    public LimitSettings? SetFor(string tenant) => _settings.GetValueOrDefault(tenant);

    public void Apply(AuditEntry entry)
    {
        if (LimitRecords.Read(entry) is not { } settings)
            return;
        _settings[entry.Subject] = settings;
        if (_tenants.TryGetValue(entry.Subject, out var tenant))
            tenant.Change(settings, Now);
        foreach (var (_, bucket) in _keys.Where(k => k.Key.Tenant == entry.Subject))
            bucket.Change(settings.Key, Now);
    }

    /// <summary>Takes one request from the caller's limits, and says in the answer's headers what is left.</summary>
    /// <returns>Null when it may pass.</returns>
    internal Problem? Take(HttpContext http, Caller caller)
    {
        var limits = caller.Limits ??= Of(caller);
        var (name, taken) = limits.Take(Now, _time.GetUtcNow().ToUnixTimeMilliseconds(), out var refusedBy);
        var headers = http.Response.Headers;
        headers["RateLimit-Policy"] = limits.Policy;
        headers["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{name}\";r={taken.Remaining};t={Seconds(taken.ResetNs)}");
        if (refusedBy is null)
            return null;
        return new Problem(ProblemKinds.QuotaExceeded, $"The limit \"{refusedBy}\" is used up: {limits.Policy}.") { RetryAfterSeconds = Math.Max(Seconds(taken.RetryNs), 1) };
    }

    /// <summary>Takes one request for what the server does itself on a caller's behalf.</summary>
    /// <returns>Null when it may pass; else how long that takes.</returns>
    internal TimeSpan? Take(Caller caller)
    {
        var (_, taken) = (caller.Limits ??= Of(caller)).Take(Now, _time.GetUtcNow().ToUnixTimeMilliseconds(), out var refusedBy);
        return refusedBy is null ? null : TimeSpan.FromSeconds(Math.Max(Seconds(taken.RetryNs), 1));
    }

    internal CallerLimits Of(Caller caller)
    {
        var tenant = caller.Tenant.Value;
        var shared = _tenants.GetOrAdd(tenant, static (name, all) => new TenantLimits(all.SettingsOf(name)), this);
        var key = _keys.GetOrAdd((tenant, caller.LimitName), static (id, all) => new RateBucket(all.SettingsOf(id.Tenant).Key), this);
        // A change that came between the look at the settings and the place in the table has seen neither.
        var settings = SettingsOf(tenant);
        var now = Now;
        shared.Change(settings, now);
        key.Change(settings.Key, now);
        return new CallerLimits(key, shared);
    }

    private static long Seconds(long nanoseconds) => (nanoseconds + 999_999_999) / 1_000_000_000;
}
