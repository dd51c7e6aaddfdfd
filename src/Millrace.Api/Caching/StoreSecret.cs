using System.Security.Cryptography;
using System.Text;
using Millrace.Engine.Administration;

namespace Millrace.Api.Caching;

/// <summary>
/// The secret from which tracking links and the console's sessions are made: drawn once for a store and kept with it, so that they are the same at all nodes, after restarts, and
/// in a store that was migrated or restored. Whoever can read it can read the orders themselves.
/// </summary>
public sealed class StoreSecret : IHostedService
{
    /// <summary>Stored; never to change.</summary>
    public const string Name = "tracking";

    private readonly IAdministration? _administration;
    private byte[]? _value;

    public StoreSecret(IAdministration administration) => _administration = administration;

    internal StoreSecret(byte[] value) => _value = value;

    /// <summary>For a store that has none yet.</summary>
    public static byte[] NewCandidate() => RandomNumberGenerator.GetBytes(32);

    /// <summary>32 random bytes; there once the node has started.</summary>
    internal ReadOnlySpan<byte> Value => _value ?? throw new InvalidOperationException("The node has not started.");

    /// <summary>A key of another purpose, from which neither the secret nor the keys of other purposes can be found (HKDF, RFC 5869); there once the node has started.</summary>
    public byte[] KeyFor(string purpose, int bytes) =>
        HKDF.DeriveKey(HashAlgorithmName.SHA256, Value.ToArray(), bytes, salt: null, Encoding.UTF8.GetBytes(purpose));

    /// <summary>What keys in Redis begin with, which may serve several stores: the same at all nodes of this one. There once the node has started.</summary>
    internal string RedisPrefix(string purpose) =>
        $"millrace:{purpose}:{Convert.ToHexStringLower(HMACSHA256.HashData(Value, Encoding.UTF8.GetBytes(purpose)).AsSpan(0, 8))}:";

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _value ??= await _administration!.GetSecretAsync(Name, NewCandidate(), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
