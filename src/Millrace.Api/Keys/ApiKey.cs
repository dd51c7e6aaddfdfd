using Millrace.Domain.Identity;
using Millrace.Domain.Orders;

namespace Millrace.Api.Keys;

/// <summary>A key as the server knows it: never its text.</summary>
/// <param name="Id">Public name, shown in timelines.</param>
/// <param name="Tenant">The merchant it acts for.</param>
/// <param name="Client">The program that holds it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Hash">SHA-256 of the text.</param>
/// <param name="CreatedAt">UTC.</param>
/// <param name="ExpiresAt">Not accepted from then on; null for no end.</param>
/// <param name="RevokedAt">When it was withdrawn; null while live.</param>
public sealed record ApiKey(
    string Id,
    TenantId Tenant,
    string Client,
    Scopes Scopes,
    byte[] Hash,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? RevokedAt)
{
    /// <summary>How its deeds are recorded.</summary>
    public Actor Actor { get; } = new(ActorKind.ApiKey, Id);

    public bool IsLive(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);

    public bool Allows(Scopes scope) => (Scopes & scope) == scope;
}
