using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Millrace.Gateways.Psp;

/// <summary>
/// Checks <c>Psp-Signature: t=&lt;unix seconds&gt;,v1=&lt;hex HMAC-SHA256 of "t.body"&gt;</c> and reads the body. Several
/// <c>v1</c> may be given while a secret is rotated. Thread-safe.
/// </summary>
public sealed class PspWebhookVerifier
{
    /// <summary>Name of the header.</summary>
    public const string HeaderName = "Psp-Signature";

    /// <summary>Allowed distance of the signed time from ours, either way.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(5);

    /// <summary>In characters.</summary>
    public const int MinimumSecretLength = 16;

    private const int MaxHeaderLength = 1024;
    private readonly byte[] _secret;
    private readonly TimeProvider _time;

    /// <param name="secret">Shared with the provider, at least 16 characters.</param>
    /// <param name="time">Our clock.</param>
    public PspWebhookVerifier(string secret, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentOutOfRangeException.ThrowIfLessThan(secret.Length, MinimumSecretLength, nameof(secret));
        _secret = Encoding.UTF8.GetBytes(secret);
        _time = time;
    }

    /// <param name="body">The bytes as they came, before any parsing.</param>
    /// <param name="signature">Value of the header, or null.</param>
    /// <param name="webhook">The event, when true.</param>
    /// <param name="refusal">The reason, when false.</param>
    public bool TryVerify(
        ReadOnlySpan<byte> body, string? signature, [NotNullWhen(true)] out PspWebhook? webhook, out PspWebhookRefusal refusal)
    {
        webhook = null;
        refusal = CheckSignature(body, signature);
        if (refusal != PspWebhookRefusal.None)
            return false;
        webhook = Parse(body);
        refusal = webhook is null ? PspWebhookRefusal.BodyInvalid : PspWebhookRefusal.None;
        return webhook is not null;
    }

    private PspWebhookRefusal CheckSignature(ReadOnlySpan<byte> body, string? header)
    {
        if (header is not { Length: > 0 and <= MaxHeaderLength })
            return PspWebhookRefusal.SignatureMissing;
        var parts = header.Split(',', StringSplitOptions.TrimEntries);
        var stamp = Array.Find(parts, part => part.StartsWith("t=", StringComparison.Ordinal))?[2..];
        if (!long.TryParse(stamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return PspWebhookRefusal.SignatureMissing;
        if (!IsSigned(parts, stamp!, body))
            return PspWebhookRefusal.SignatureWrong;
        // Compared as seconds: a signed time may lie beyond what a DateTimeOffset holds.
        var distance = Math.Abs((decimal)_time.GetUtcNow().ToUnixTimeSeconds() - seconds);
        return distance > (decimal)Tolerance.TotalSeconds ? PspWebhookRefusal.Stale : PspWebhookRefusal.None;
    }

    private bool IsSigned(string[] parts, string stamp, ReadOnlySpan<byte> body)
    {
        const string prefix = "v1=";
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, _secret);
        hmac.AppendData(Encoding.ASCII.GetBytes(stamp));
        hmac.AppendData("."u8);
        hmac.AppendData(body);
        var expected = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.GetHashAndReset()));
        var isSigned = false;
        foreach (var part in parts)
        {
            if (part.StartsWith(prefix, StringComparison.Ordinal))
                isSigned |= CryptographicOperations.FixedTimeEquals(expected, Encoding.UTF8.GetBytes(part[prefix.Length..]));
        }

        return isSigned;
    }

    private static PspWebhook? Parse(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, GatewayJson.Default.PspWebhook);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
