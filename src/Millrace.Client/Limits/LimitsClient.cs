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

/// <summary>A merchant of whom no new order is taken now.</summary>
/// <param name="By">Who has paused him.</param>
/// <param name="Seen">Whether he has come by at the asked node since it started: else the name may be mistyped.</param>
public sealed record PausedTenant(string Name, DateTimeOffset Since, string? By, bool Seen);

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

    /// <summary>Merchants of whom no new order is taken.</summary>
    [Operation("list_paused_tenants")]
    public Task<Answer<Listing<PausedTenant>>> ListPausedAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/tenants/paused", options), ClientJson.Default.ListingPausedTenant, cancellation);

    /// <summary>Takes no new order of a merchant; what was taken goes on. All nodes follow within a second.</summary>
    [Operation("pause_tenant")]
    public Task<Answer<Listing<PausedTenant>>> PauseAsync(string tenant, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Put($"v1/tenants/{tenant}/paused", options), ClientJson.Default.ListingPausedTenant, cancellation);

    /// <summary>Takes his orders again.</summary>
    [Operation("resume_tenant")]
    public Task<Answer<Listing<PausedTenant>>> ResumeAsync(string tenant, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/tenants/{tenant}/paused", options), ClientJson.Default.ListingPausedTenant, cancellation);
}
