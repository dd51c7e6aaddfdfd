using System.Security.Cryptography;
using Millrace.Engine.Administration;

namespace Millrace.Api.Caching;

/// <summary>
/// The secret from which tracking links are made: drawn once for a store and kept with it, so that links are the same at all nodes, after restarts, and in a store that was
/// migrated or restored. Whoever can read it can read the orders themselves.
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

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _value ??= await _administration!.GetSecretAsync(Name, NewCandidate(), cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
