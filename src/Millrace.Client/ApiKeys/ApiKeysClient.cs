using Millrace.Client.Json;
using Millrace.Client.Sending;

namespace Millrace.Client.ApiKeys;

/// <param name="Name">The program that will hold it.</param>
/// <param name="Scopes">What it may do; nothing that the caller may not.</param>
public sealed record NewApiKey(string Name, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt = null);

/// <param name="State"><c>live</c>, <c>expired</c> or <c>revoked</c>.</param>
/// <param name="Key">Its text: in the answer that made it, and nowhere else.</param>
public sealed record ApiKey(
    string Id, string Name, IReadOnlyList<string> Scopes, string State, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, string? Key = null)
{
    /// <summary>Without the key's text: records are logged.</summary>
    public override string ToString() => $"ApiKey {Id} ({Name}, {State})";
}

/// <summary>Whose key or token it is that the client sends.</summary>
/// <param name="Scopes">What it may do.</param>
public sealed record Caller(string Tenant, Actor Actor, IReadOnlyList<string> Scopes);

internal sealed record Rotation(int OverlapS);

/// <summary>The tenant's API keys.</summary>
public sealed class ApiKeysClient
{
    private static readonly TimeSpan DefaultOverlap = TimeSpan.FromDays(1);
    private readonly Sender _sender;

    internal ApiKeysClient(Sender sender) => _sender = sender;

    /// <summary>Makes a key. A repeat after a lost answer shows the key without its text: make another then, and revoke this one.</summary>
    [Operation("create_api_key")]
    public Task<Answer<ApiKey>> CreateAsync(NewApiKey key, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Post($"v1/api-keys", key, ClientJson.Default.NewApiKey, options), ClientJson.Default.ApiKey, cancellation);

    /// <summary>Whose key or token this client sends, and what it may do.</summary>
    [Operation("get_caller")]
    public Task<Answer<Caller>> GetCallerAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/caller", options), ClientJson.Default.Caller, cancellation);

    [Operation("list_api_keys")]
    public Task<Answer<Listing<ApiKey>>> ListAsync(CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Get($"v1/api-keys", options), ClientJson.Default.ListingApiKey, cancellation);

    /// <summary>Makes a key that can do what another can.</summary>
    /// <param name="key">The other's id.</param>
    /// <param name="overlap">How long that one stays good; a day when null.</param>
    /// <param name="options">For this call.</param>
    /// <param name="cancellation">Ends the call.</param>
    [Operation("rotate_api_key")]
    public Task<Answer<ApiKey>> RotateAsync(string key, TimeSpan? overlap = null, CallOptions? options = null, CancellationToken cancellation = default) => _sender.SendAsync(
        Call.Post($"v1/api-keys/{key}/rotate", new Rotation((int)(overlap ?? DefaultOverlap).TotalSeconds), ClientJson.Default.Rotation, options), ClientJson.Default.ApiKey, cancellation);

    /// <summary>Withdraws a key: all nodes refuse it within a second.</summary>
    [Operation("revoke_api_key")]
    public Task RevokeAsync(string key, CallOptions? options = null, CancellationToken cancellation = default) =>
        _sender.SendAsync(Call.Delete($"v1/api-keys/{key}", options), ClientJson.Default.JsonElement, cancellation);
}
