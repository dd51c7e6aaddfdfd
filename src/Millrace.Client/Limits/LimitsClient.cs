using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.Limits;

/// <param name="Tenant">Of all keys of the tenant together.</param>
/// <param name="Key">Of each of them.</param>
/// <param name="PerDay">Requests a day of UTC, all keys together; null for no such limit.</param>
public sealed record TenantLimits(Rate Tenant, Rate Key, long? PerDay = null);

public sealed record Rate(long PerSecond, long Burst);

/// <summary>What a tenant uses of its limits.</summary>
/// <param name="Available">Requests that may come at once now, at the asked node.</param>
/// <param name="AvailableOf">And when it was left alone: without Redis its share of the burst.</param>
/// <param name="UsedToday">Requests of the day of UTC; null where no number a day is set.</param>
public sealed record TenantUse(string Name, TenantLimits Limits, long Available, long AvailableOf, long? UsedToday);

/// <summary>How much tenants may ask for; needs the scope <c>system:operate</c>.</summary>
public sealed class LimitsClient
{
    private readonly Sender _sender;

    internal LimitsClient(Sender sender) => _sender = sender;

    /// <summary>Of those that have come by at the asked node, the nearest to their limits first.</summary>
    [Operation("list_tenants")]
    public Task<Answer<Listing<TenantUse>>> ListAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/tenants", options), ClientJson.Default.ListingTenantUse, cancellation);

    [Operation("get_limits")]
    public Task<Answer<TenantLimits>> GetAsync(string tenant, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/tenants/{tenant}/limits", options), ClientJson.Default.TenantLimits, cancellation);

    /// <summary>Sets them whole; all nodes follow within a second.</summary>
    [Operation("put_limits")]
    public Task<Answer<TenantLimits>> PutAsync(string tenant, TenantLimits limits, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/tenants/{tenant}/limits", limits, ClientJson.Default.TenantLimits, options), ClientJson.Default.TenantLimits, cancellation);
}
