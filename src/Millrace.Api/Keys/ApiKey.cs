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
    /// <summary>As it was made: a key that is replaced ends earlier, and the one that replaces it does not for that.</summary>
    internal DateTimeOffset? OwnEnd { get; } = ExpiresAt;

    public Caller Caller { get; } = new(Tenant, new Actor(ActorKind.ApiKey, Id), Scopes, Id);

    /// <summary>Of this key whatever is changed of it: shared by all that are made from each other.</summary>
    internal KeyUse Use { get; } = new();

    /// <summary>In a word, for people.</summary>
    public string State(DateTimeOffset now) => IsLive(now) ? "live" : RevokedAt is null ? "expired" : "revoked";

    public bool IsLive(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);
}

/// <summary>When a key was last used here. Thread-safe.</summary>
internal sealed class KeyUse
{
    private long _unixMs;

    /// <summary>0 for never.</summary>
    public long UnixMs => Volatile.Read(ref _unixMs);

    // A race keeps one of two moments that are almost the same.
    public void Note(long unixMs) => Volatile.Write(ref _unixMs, unixMs);
}
