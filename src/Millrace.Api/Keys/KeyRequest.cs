namespace Millrace.Api.Keys;

/// <summary>What a key was asked for with, so that a repeat makes no second one.</summary>
/// <param name="Key">Hash of tenant, route and idempotency key.</param>
/// <param name="Payload">Hash of the body.</param>
public sealed record KeyRequest(string Key, string Payload)
{
    public override string ToString() => $"{Key}:{Payload}";

    public static KeyRequest? TryParse(string? text) => text?.Split(':') is [var key, var payload] ? new KeyRequest(key, payload) : null;
}
