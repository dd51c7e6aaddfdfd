using Millrace.Api.Limits;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Keys;

/// <summary>Whoever sent a request, once that is established.</summary>
/// <param name="Tenant">The merchant that it may act for.</param>
/// <param name="Actor">How its deeds are recorded.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="LimitName">Whose rate it counts to, beside its tenant's.</param>
public sealed record Caller(TenantId Tenant, Actor Actor, Scopes Scopes, string LimitName)
{
    /// <summary>Found once; a race finds the same.</summary>
    internal CallerLimits? Limits { get; set; }

    public bool Allows(Scopes scope) => (Scopes & scope) == scope;
}
