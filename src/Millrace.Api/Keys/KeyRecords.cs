using System.Text.Json;
using System.Text.Json.Serialization;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;

namespace Millrace.Api.Keys;

/// <summary>How the life of a key is written in the audit log. Names and fields are stored: never change one.</summary>
internal static class KeyRecords
{
    public const string Created = "key.created";
    public const string Revoked = "key.revoked";

    /// <param name="key">The new key.</param>
    /// <param name="request">What it was asked for with.</param>
    /// <param name="replaces">The key that it takes the place of, and when that ends.</param>
    public static AuditDraft OfCreation(ApiKey key, Actor actor, string? request, (string Id, DateTimeOffset EndsAt)? replaces) => new(
        actor, key.Tenant.Value, Created, key.Id,
        JsonSerializer.Serialize(
            new KeyCreated(key.Client, ScopeNames.Of(key.Scopes), Convert.ToHexStringLower(key.Hash), key.ExpiresAt, request, replaces?.Id, replaces?.EndsAt),
            KeyRecordJson.Default.KeyCreated));

    public static AuditDraft OfRevocation(ApiKey key, Actor actor) => new(actor, key.Tenant.Value, Revoked, key.Id);

    /// <returns>Null when this version does not understand it: its chain is whole, so a newer one wrote it. Such a key does not exist here.</returns>
    public static KeyCreated? ReadCreation(AuditEntry entry)
    {
        try
        {
            return JsonSerializer.Deserialize(entry.Detail, KeyRecordJson.Default.KeyCreated);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <param name="Client">The program that holds the key.</param>
/// <param name="Scopes">By their names.</param>
/// <param name="Sha256">Of the key's text.</param>
/// <param name="ExpiresAt">Its end; null for none.</param>
/// <param name="Request">Hashes of the idempotency key and of the body that it was asked for with.</param>
/// <param name="Replaces">Id of the key that was rotated.</param>
/// <param name="ReplacedEndsAt">When that one ends.</param>
internal sealed record KeyCreated(
    string Client, string[] Scopes, string Sha256, DateTimeOffset? ExpiresAt, string? Request, string? Replaces, DateTimeOffset? ReplacedEndsAt)
{
    public ApiKey ToKey(AuditEntry entry) => new(
        entry.Subject, TenantId.Parse(entry.Tenant!), Client, ScopeNames.Known(Scopes),
        Convert.FromHexString(Sha256), DateTimeOffset.FromUnixTimeMilliseconds(entry.AtUnixMs), ExpiresAt, null);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(KeyCreated))]
internal sealed partial class KeyRecordJson : JsonSerializerContext;
