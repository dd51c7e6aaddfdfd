namespace Millrace.Cluster.Administration;

/// <summary>What an entry of the audit log was asked for with, so that a repeat makes no second one.</summary>
/// <param name="Key">Hash of tenant, route and idempotency key.</param>
/// <param name="Payload">Hash of the body.</param>
public sealed record AuditRequest(string Key, string Payload)
{
    public override string ToString() => $"{Key}:{Payload}";

    public static AuditRequest? TryParse(string? text) => text?.Split(':') is [var key, var payload] ? new AuditRequest(key, payload) : null;
}
