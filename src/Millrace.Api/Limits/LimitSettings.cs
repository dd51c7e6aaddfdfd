namespace Millrace.Api.Limits;

/// <summary>How much a tenant may ask for.</summary>
/// <param name="Tenant">All its keys together.</param>
/// <param name="Key">Each of its keys.</param>
/// <param name="PerDay">Requests a day of UTC, all keys together; null for no such limit.</param>
public sealed record LimitSettings(Rate Tenant, Rate Key, long? PerDay)
{
    /// <summary>As much as a small node can do: an operator who shares it between tenants sets less.</summary>
    public static readonly LimitSettings Default = new(new Rate(50_000, 100_000), new Rate(50_000, 100_000), null);
}
