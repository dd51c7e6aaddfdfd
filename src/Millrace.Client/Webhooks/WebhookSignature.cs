using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Millrace.Client.Webhooks;

/// <summary>
/// For receivers: whether what has arrived comes from the server, as Standard Webhooks 1.0 has it. Check before anything of the body is believed, with the
/// bytes as they came. An event may come again: its <c>webhook-id</c> is the same then.
/// </summary>
public static class WebhookSignature
{
    public const string IdHeader = "webhook-id";
    public const string TimestampHeader = "webhook-timestamp";
    public const string SignatureHeader = "webhook-signature";

    /// <summary>How far the time of sending may be from now, to both sides: what somebody has recorded is worth nothing later.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    private const string SecretPrefix = "whsec_";
    private const string Version = "v1,";

    /// <param name="secret">As it was shown when the endpoint was made, or its secret rotated.</param>
    /// <param name="id">The header <see cref="IdHeader"/>; null when it is missing.</param>
    /// <param name="timestamp">The header <see cref="TimestampHeader"/>.</param>
    /// <param name="signature">The header <see cref="SignatureHeader"/>: several, while the secret is rotated, of which one must be good.</param>
    /// <param name="body">As it came.</param>
    /// <param name="time">The receiver's clock; null for the system's.</param>
    /// <returns>False for whatever is not signed with the secret, or too old, or too new.</returns>
    /// <exception cref="FormatException">The secret is none: that is the receiver's own mistake.</exception>
    public static bool Verify(string secret, string? id, string? timestamp, string? signature, ReadOnlySpan<byte> body, TimeProvider? time = null)
    {
        var key = KeyOf(secret);
        if (string.IsNullOrEmpty(id) || signature is null || !long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var sentAt))
            return false;
        var now = (time ?? TimeProvider.System).GetUtcNow().ToUnixTimeSeconds();
        // Not their difference: one that is absurd would overflow.
        if (sentAt < now - (long)Tolerance.TotalSeconds || sentAt > now + (long)Tolerance.TotalSeconds)
            return false;
        var expected = Encoding.ASCII.GetBytes(Version + Convert.ToBase64String(Sign(key, $"{id}.{timestamp}.", body)));
        var isGood = false;
        foreach (var one in signature.Split(' '))
            isGood |= CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(one), expected);
        return isGood;
    }

    private static byte[] KeyOf(string secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.StartsWith(SecretPrefix, StringComparison.Ordinal)
            ? Convert.FromBase64String(secret[SecretPrefix.Length..])
            : throw new FormatException($"A secret begins with {SecretPrefix}.");
    }

    private static byte[] Sign(byte[] key, string head, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hmac.AppendData(Encoding.UTF8.GetBytes(head));
        hmac.AppendData(body);
        return hmac.GetHashAndReset();
    }
}
