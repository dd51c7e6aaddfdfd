using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Webhooks.Sending;

/// <summary>
/// The three headers of Standard Webhooks 1.0 (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md). What is signed
/// is id, time and body, so that none of them can be exchanged; the time, so that a copy is worth nothing later.
/// </summary>
public static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    private const string Version = "v1,";

    /// <summary>One signature a secret, separated by spaces: a receiver accepts any of them.</summary>
    /// <param name="id">Holds no full stop, which separates the parts of what is signed.</param>
    /// <param name="unixSeconds">When it is sent.</param>
    /// <param name="body">The bytes as they are sent.</param>
    /// <param name="secrets">At least one.</param>
    public static string Of(string id, long unixSeconds, ReadOnlySpan<byte> body, IReadOnlyList<byte[]> secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        ArgumentOutOfRangeException.ThrowIfZero(secrets.Count, nameof(secrets));
        if (id.Contains('.', StringComparison.Ordinal))
            throw new ArgumentException("An id with a full stop could be taken for another id and time.", nameof(id));
        var head = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{id}.{unixSeconds}."));
        var signatures = new string[secrets.Count];
        for (var i = 0; i < signatures.Length; i++)
            signatures[i] = Version + Convert.ToBase64String(Sign(secrets[i], head, body));
        return string.Join(' ', signatures);
    }

    private static byte[] Sign(byte[] secret, byte[] head, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(head);
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}
