using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Webhooks.Endpoints;

/// <summary>
/// The secrets that endpoints sign with. Each follows (HKDF, RFC 5869) from one secret of the store, the endpoint's id and its number: so they are in no log
/// and in no record, and all nodes have them. From one none of the others can be found. Thread-safe.
/// </summary>
public sealed class WebhookSecrets(IAdministration administration)
{
    /// <summary>Stored; never to change.</summary>
    public const string Name = "webhooks";

    public const string Prefix = "whsec_";

    // Standard Webhooks: 24 to 64.
    private const int Bytes = 32;
    private byte[]? _ofStore;

    /// <summary>For a store that has none yet.</summary>
    public static byte[] NewCandidate() => RandomNumberGenerator.GetBytes(Bytes);

    /// <exception cref="StoreUnavailableException">It cannot be known now.</exception>
    public async ValueTask<byte[]> OfAsync(string endpoint, int number, CancellationToken cancellation)
    {
        var ofStore = _ofStore ??= await administration.GetSecretAsync(Name, NewCandidate(), cancellation);
        return HKDF.DeriveKey(HashAlgorithmName.SHA256, ofStore, Bytes, salt: null, Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{endpoint}:{number}")));
    }

    /// <summary>Those that an endpoint signs with at a moment, the newest first.</summary>
    public async ValueTask<IReadOnlyList<byte[]>> SigningAsync(WebhookEndpoint endpoint, DateTimeOffset now, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        var secrets = new List<byte[]>();
        foreach (var number in endpoint.SecretsAt(now))
            secrets.Add(await OfAsync(endpoint.Id, number, cancellation));
        return secrets;
    }

    /// <summary>As a receiver is given it.</summary>
    public static string ToText(byte[] secret) => Prefix + Convert.ToBase64String(secret);
}
