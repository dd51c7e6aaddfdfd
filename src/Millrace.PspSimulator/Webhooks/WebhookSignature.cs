using System.Security.Cryptography;
using System.Text;

namespace Millrace.PspSimulator.Webhooks;

/// <summary><c>Psp-Signature: t=&lt;unix seconds&gt;,v1=&lt;hex HMAC-SHA256 of "t.body"&gt;</c>.</summary>
internal static class WebhookSignature
{
    public const string HeaderName = "Psp-Signature";

    public static string Make(byte[] secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var seconds = at.ToUnixTimeSeconds().ToString();
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        hmac.AppendData(Encoding.ASCII.GetBytes(seconds));
        hmac.AppendData("."u8);
        hmac.AppendData(body);
        return $"t={seconds},v1={Convert.ToHexStringLower(hmac.GetHashAndReset())}";
    }
}
