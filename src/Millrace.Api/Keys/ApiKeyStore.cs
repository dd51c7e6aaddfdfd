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

    /// <summary>The file in the data folder.</summary>
    public const string FileName = "keys.json";

    private static readonly TimeSpan MostAgeAtHit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MostAgeAtMiss = TimeSpan.FromMilliseconds(50);
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
        RefreshAfterAHit();
        if (Find(hash) is { } key)
            return key;
        RefreshAfterAMiss();
        // Also when another request's refresh has just ended.
        return Find(hash);
    }

    /// <summary>The live key of an <c>Authorization: Bearer</c> header; null when it names none.</summary>
    internal ApiKey? FindByHeader(string header)
    {
        const string scheme = "Bearer ";
        RefreshAfterAHit();
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

    // Whoever is known already does not wait for the file.
    private void RefreshAfterAHit()
    {
        if (!IsOlderThan(MostAgeAtHit) || !_refreshing.TryEnter())
            return;
        try
        {
            Refresh();
        }
        finally
        {
            _refreshing.Exit();
        }
    }

    // A new key's first requests come together: each waits for the one that reads the file, and none is sent away.
    private void RefreshAfterAMiss()
    {
        if (!IsOlderThan(MostAgeAtMiss))
            return;
        lock (_refreshing)
        {
            if (IsOlderThan(MostAgeAtMiss))
                Refresh();
        }
    }

    private bool IsOlderThan(TimeSpan age) => _time.GetElapsedTime(Volatile.Read(ref _checkedAt)) >= age;

    private void Refresh()
    {
        if (_file.Stamp() != _stamp)
            Load();
        Volatile.Write(ref _checkedAt, _time.GetTimestamp());
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
