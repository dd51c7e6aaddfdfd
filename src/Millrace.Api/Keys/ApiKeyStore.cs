using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Api.Keys;

/// <summary>
/// The API keys, as they follow from the audit log. Thread-safe. What another process does to a key holds here as soon as the log is read again,
/// which a running node does twice a second.
/// </summary>
public sealed class ApiKeyStore : IAuditFollower
{
    /// <summary>So that a key can be replaced without a gap, and forgotten ones do not pile up.</summary>
    public const int MaxLivePerClient = 2;

    /// <summary>All clients together.</summary>
    public const int MaxLivePerTenant = 200;

    /// <summary>Keys that a tenant may make a day: each is an entry of the audit log for ever.</summary>
    public const int MaxNewPerTenantAndDay = 500;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // Unknown keys in any number cost twenty reads a second, and each waits for one that began after it came: the key may have been made just before.
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(50);
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<UInt128, ApiKey> _byHash = new();
    private readonly ConcurrentDictionary<string, ApiKey> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Id, string Payload)> _requests = new(StringComparer.Ordinal);
    private volatile RecentHeaders<ApiKey> _recent = new();

    /// <param name="audit">Not yet read.</param>
    /// <param name="time">Our clock.</param>
    public ApiKeyStore(AuditLog audit, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(audit);
        (_audit, _time) = (audit, time);
        audit.Add(this);
    }

    /// <summary>All keys, oldest first, with those that have ended.</summary>
    public IReadOnlyList<ApiKey> List() => [.. _byId.Values.OrderBy(key => key.CreatedAt).ThenBy(key => key.Id, StringComparer.Ordinal)];

    /// <summary>When the first client has no live key any more; null when each has one without an end.</summary>
    public DateTimeOffset? NextExpiry()
    {
        var now = _time.GetUtcNow();
        var ends = new Dictionary<(TenantId, string), DateTimeOffset>();
        foreach (var key in _byId.Values)
        {
            if (!key.IsLive(now))
                continue;
            var (client, end) = ((key.Tenant, key.Client), key.ExpiresAt ?? DateTimeOffset.MaxValue);
            if (!ends.TryGetValue(client, out var other) || other < end)
                ends[client] = end;
        }

        var next = ends.Values.DefaultIfEmpty(DateTimeOffset.MaxValue).Min();
        return next == DateTimeOffset.MaxValue ? null : next;
    }

    /// <summary>When each key was last used, by any node, to within a minute.</summary>
    public async Task<IReadOnlyDictionary<string, DateTimeOffset>> ReadUsesAsync(CancellationToken cancellation)
    {
        var uses = await _audit.ReadKeyUsesAsync(cancellation);
        return _byId.Values.Select(key => (key.Id, At: Math.Max(key.Use.UnixMs, uses.GetValueOrDefault(key.Id)))).Where(use => use.At > 0)
            .ToDictionary(use => use.Id, use => DateTimeOffset.FromUnixTimeMilliseconds(use.At), StringComparer.Ordinal);
    }

    /// <summary>Makes a key.</summary>
    /// <param name="tenant">The merchant that it acts for.</param>
    /// <param name="client">The program that will hold it.</param>
    /// <param name="scopes">What it may do.</param>
    /// <param name="expiresAt">Its end; null for none.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="request">Makes a repeat known; null when there can be none.</param>
    /// <param name="cancellation">Gives up waiting; the key may be made.</param>
    /// <exception cref="StoreUnavailableException">The key may be made, but nobody knows its text.</exception>
    public async Task<KeyOutcome> CreateAsync(
        TenantId tenant, string client, Scopes scopes, DateTimeOffset? expiresAt, Actor actor, AuditRequest? request, CancellationToken cancellation)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(client);
        ArgumentOutOfRangeException.ThrowIfEqual((int)scopes, (int)Scopes.None, nameof(scopes));
        var (text, hash) = ApiKeyFormat.Create();
        var made = new ApiKey(NewId(), tenant, client, scopes, hash, _time.GetUtcNow(), expiresAt, null);
        KeyOutcome outcome = new KeyOutcome.Made(text, made);
        await _audit.AddAsync(() =>
        {
            outcome = Repeat(request) ?? (IsFull(tenant, client) ? new KeyOutcome.TooMany() : new KeyOutcome.Made(text, made));
            return outcome is KeyOutcome.Made ? KeyRecords.OfCreation(made, actor, request?.ToString(), null) : null;
        }, cancellation);
        return outcome;
    }

    /// <summary>Makes a key that can do what another can, and lets that one end.</summary>
    /// <param name="id">The key to replace.</param>
    /// <param name="tenant">Whose key it must be; null for any.</param>
    /// <param name="overlap">How much longer the old one is accepted.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="request">Makes a repeat known; null when there can be none.</param>
    /// <param name="cancellation">Gives up waiting; it may be done.</param>
    public async Task<KeyOutcome> RotateAsync(string id, TenantId? tenant, TimeSpan overlap, Actor actor, AuditRequest? request, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(overlap, TimeSpan.Zero);
        var (text, hash) = ApiKeyFormat.Create();
        var newId = NewId();
        KeyOutcome outcome = new KeyOutcome.NotFound();
        await _audit.AddAsync(() =>
        {
            if ((outcome = Repeat(request)!) is not null)
                return null;
            if (LiveOne(id, tenant) is not { } old)
            {
                outcome = new KeyOutcome.NotFound();
                return null;
            }

            if (IsFull(old.Tenant, old.Client))
            {
                outcome = new KeyOutcome.TooMany();
                return null;
            }

            var now = _time.GetUtcNow();
            var end = now + overlap;
            // Of the key's own end: what an earlier replacement has left of it is that one's overlap.
            var made = old with { Id = newId, Hash = hash, CreatedAt = now, ExpiresAt = old.OwnEnd };
            outcome = new KeyOutcome.Made(text, made);
            return KeyRecords.OfCreation(made, actor, request?.ToString(), (id, old.ExpiresAt < end ? old.ExpiresAt.Value : end));
        }, cancellation);
        return outcome;
    }

    /// <param name="id">The key.</param>
    /// <param name="tenant">Whose key it must be; null for any.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="cancellation">Gives up waiting; it may be done.</param>
    /// <returns>False when there is no such live key.</returns>
    public async Task<bool> RevokeAsync(string id, TenantId? tenant, Actor actor, CancellationToken cancellation) =>
        await _audit.AddAsync(() => LiveOne(id, tenant) is { } key ? KeyRecords.OfRevocation(key, actor) : null, cancellation) is not null;

    public void Apply(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Action == KeyRecords.Created)
        {
            if (KeyRecords.ReadCreation(entry) is not { } created)
                return;
            Put(created.ToKey(entry));
            if (created is { Replaces: { } old, ReplacedEndsAt: { } end } && _byId.TryGetValue(old, out var replaced))
                Put(replaced with { ExpiresAt = end });
            if (AuditRequest.TryParse(created.Request) is { } request)
                _requests[request.Key] = (entry.Subject, request.Payload);
        }
        else if (entry.Action == KeyRecords.Revoked && _byId.TryGetValue(entry.Subject, out var key))
        {
            Put(key with { RevokedAt = DateTimeOffset.FromUnixTimeMilliseconds(entry.AtUnixMs) });
        }
    }

    /// <summary>The live key of an <c>Authorization</c> header, of those that this process knows; null when it names none.</summary>
    internal ApiKey? FindKnown(string header)
    {
        var recent = _recent;
        var key = recent.Find(header);
        if (key is null && TryHash(header, out var hash) && (key = Known(hash)) is not null)
            recent.Add(header, key);
        var now = _time.GetUtcNow();
        if (key is null || !key.IsLive(now))
            return null;
        key.Use.Note(now.ToUnixTimeMilliseconds());
        return key;
    }

    /// <summary>As <see cref="FindKnown"/>, also of those that another process has just made.</summary>
    /// <exception cref="StoreUnavailableException">Whether there is such a key cannot be told now.</exception>
    internal async ValueTask<ApiKey?> FindAsync(string header, CancellationToken cancellation)
    {
        if (!TryHash(header, out var hash))
            return null;
        // One that is known and has ended is no reason to read; one that another request has just learned of is there now.
        if (Known(hash) is null)
            await _audit.RefreshTogetherAsync(BetweenReads, () => Known(hash) is not null, cancellation);
        return FindKnown(header);
    }

    /// <summary>Whether the header is meant to hold a key, good or not.</summary>
    internal static bool IsKey(string header) => header.StartsWith("Bearer " + ApiKeyFormat.Prefix, StringComparison.OrdinalIgnoreCase);

    private static bool TryHash(string header, out byte[] hash)
    {
        const string scheme = "Bearer ";
        hash = [];
        if (!IsKey(header))
            return false;
        hash = new byte[SHA256.HashSizeInBytes];
        return ApiKeyFormat.TryHash(header.AsSpan(scheme.Length), hash);
    }

    private static string NewId() => "key_" + RandomNumberGenerator.GetString("0123456789abcdefghjkmnpqrstvwxyz", 12);

    private static UInt128 IndexOf(ReadOnlySpan<byte> hash) => BinaryPrimitives.ReadUInt128LittleEndian(hash);

    private ApiKey? Known(ReadOnlySpan<byte> hash) =>
        _byHash.TryGetValue(IndexOf(hash), out var key) && CryptographicOperations.FixedTimeEquals(hash, key.Hash) ? key : null;

    private ApiKey? LiveOne(string id, TenantId? tenant) =>
        _byId.TryGetValue(id, out var key) && key.IsLive(_time.GetUtcNow()) && (tenant is null || key.Tenant == tenant) ? key : null;

    private bool IsFull(TenantId tenant, string client)
    {
        var now = _time.GetUtcNow();
        var (ofClient, ofTenant, lately) = (0, 0, 0);
        foreach (var key in _byId.Values)
        {
            if (key.Tenant != tenant)
                continue;
            lately += key.CreatedAt > now - Day ? 1 : 0;
            if (!key.IsLive(now))
                continue;
            ofTenant++;
            ofClient += key.Client == client ? 1 : 0;
        }

        return ofClient >= MaxLivePerClient || ofTenant >= MaxLivePerTenant || lately >= MaxNewPerTenantAndDay;
    }

    private KeyOutcome? Repeat(AuditRequest? request) => request is not null && _requests.TryGetValue(request.Key, out var before)
        ? before.Payload == request.Payload ? new KeyOutcome.MadeBefore(_byId[before.Id]) : new KeyOutcome.OtherRequest()
        : null;

    private void Put(ApiKey key)
    {
        _byId[key.Id] = key;
        _byHash[IndexOf(key.Hash)] = key;
        // What was checked before may have ended.
        _recent = new RecentHeaders<ApiKey>();
    }
}
