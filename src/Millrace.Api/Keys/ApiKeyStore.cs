using System.Buffers.Binary;
using System.Security.Cryptography;
using Millrace.Domain.Identity;

namespace Millrace.Api.Keys;

/// <summary>
/// The API keys of a data folder. Thread-safe. The file is the truth: a server sees within a second what another
/// process, such as the CLI, writes to it.
/// </summary>
public sealed class ApiKeyStore
{
    /// <summary>So that a key can be replaced without a gap, and forgotten ones do not pile up.</summary>
    public const int MaxLivePerClient = 2;

    private static readonly TimeSpan RefreshAfterHit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RefreshAfterMiss = TimeSpan.FromMilliseconds(50);
    private readonly ApiKeyFile _file;
    private readonly TimeProvider _time;
    private readonly Lock _refreshing = new();
    private volatile Dictionary<UInt128, ApiKey> _byHash = [];
    private volatile RecentKeys _recent = new();
    private (DateTime, long) _stamp;
    private long _checkedAt;

    /// <param name="directory">The data folder; made on the first write.</param>
    /// <param name="time">Our clock.</param>
    public ApiKeyStore(string directory, TimeProvider time)
    {
        _file = new ApiKeyFile(directory);
        _time = time;
        Load();
    }

    /// <summary>Makes a key.</summary>
    /// <returns>Its text, which nothing can show again.</returns>
    /// <exception cref="InvalidOperationException">The client has two live keys already.</exception>
    public (string Text, ApiKey Key) Create(TenantId tenant, string client, Scopes scopes, DateTimeOffset? expiresAt)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(client);
        ArgumentOutOfRangeException.ThrowIfEqual((int)scopes, (int)Scopes.None, nameof(scopes));
        using var gate = _file.Lock();
        var keys = _file.Read();
        var now = _time.GetUtcNow();
        if (keys.Count(k => k.Tenant == tenant && k.Client == client && k.IsLive(now)) >= MaxLivePerClient)
            throw new InvalidOperationException($"Client '{client}' of '{tenant}' has {MaxLivePerClient} live keys: revoke one first.");
        var text = ApiKeyFormat.Create();
        var hash = new byte[SHA256.HashSizeInBytes];
        ApiKeyFormat.TryHash(text, hash);
        var id = "key_" + RandomNumberGenerator.GetString("0123456789abcdefghjkmnpqrstvwxyz", 12);
        var key = new ApiKey(id, tenant, client, scopes, hash, now, expiresAt, null);
        _file.Write([.. keys, key]);
        Load();
        return (text, key);
    }

    public IReadOnlyList<ApiKey> List() => _file.Read();

    /// <returns>False when there is no such live key.</returns>
    public bool Revoke(string id)
    {
        using var gate = _file.Lock();
        var keys = _file.Read();
        var index = keys.FindIndex(k => k.Id == id && k.RevokedAt is null);
        if (index < 0)
            return false;
        keys[index] = keys[index] with { RevokedAt = _time.GetUtcNow() };
        _file.Write(keys);
        Load();
        return true;
    }

    /// <summary>The live key with this text; null when there is none.</summary>
    public ApiKey? Find(ReadOnlySpan<char> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!ApiKeyFormat.TryHash(text, hash))
            return null;
        RefreshAfter(RefreshAfterHit);
        if (Find(hash) is { } key)
            return key;
        return RefreshAfter(RefreshAfterMiss) ? Find(hash) : null;
    }

    /// <summary>The live key of an <c>Authorization: Bearer</c> header; null when it names none.</summary>
    internal ApiKey? FindByHeader(string header)
    {
        const string scheme = "Bearer ";
        RefreshAfter(RefreshAfterHit);
        var recent = _recent;
        if (recent.Find(header) is { } known)
            return known.IsLive(_time.GetUtcNow()) ? known : null;
        if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase) || Find(header.AsSpan(scheme.Length)) is not { } key)
            return null;
        recent.Add(header, key);
        return key;
    }

    private ApiKey? Find(ReadOnlySpan<byte> hash) =>
        _byHash.TryGetValue(BinaryPrimitives.ReadUInt128LittleEndian(hash), out var key)
        && CryptographicOperations.FixedTimeEquals(hash, key.Hash) && key.IsLive(_time.GetUtcNow())
            ? key
            : null;

    private bool RefreshAfter(TimeSpan age)
    {
        if (_time.GetElapsedTime(Volatile.Read(ref _checkedAt)) < age || !_refreshing.TryEnter())
            return false;
        try
        {
            if (_file.Stamp() != _stamp)
                Load();
            Volatile.Write(ref _checkedAt, _time.GetTimestamp());
            return true;
        }
        finally
        {
            _refreshing.Exit();
        }
    }

    private void Load()
    {
        lock (_refreshing)
        {
            // The stamp first: a write in between is seen as a change later.
            _stamp = _file.Stamp();
            _byHash = _file.Read().ToDictionary(k => BinaryPrimitives.ReadUInt128LittleEndian(k.Hash));
            // What was checked before may be revoked now.
            _recent = new RecentKeys();
            Volatile.Write(ref _checkedAt, _time.GetTimestamp());
        }
    }
}
