namespace Millrace.Api.Tokens;

/// <summary>Whose tokens are accepted beside API keys.</summary>
/// <param name="Issuer">The identity provider, by its OpenID Connect issuer URL; https, unless it is on this machine.</param>
/// <param name="Audience">What its tokens must be meant for.</param>
/// <param name="TenantClaim">The claim that names the merchant.</param>
public sealed record TokenOptions(Uri Issuer, string Audience, string TenantClaim = TokenOptions.DefaultTenantClaim)
{
    public const string DefaultTenantClaim = "tenant";
}
