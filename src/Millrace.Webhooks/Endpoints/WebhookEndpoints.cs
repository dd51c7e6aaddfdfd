using System.Collections.Concurrent;
using System.Security.Cryptography;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;
using Millrace.Engine.Journal;

namespace Millrace.Webhooks.Endpoints;

/// <summary>
/// The endpoints, as they follow from the audit log: what was asked for is in force, on every node, by its entry being there. Thread-safe. How far each is,
/// is none of the log's business: <see cref="Delivering.DeliveryState"/>.
/// </summary>
public sealed class WebhookEndpoints : IAuditFollower
{
    public const int MaxPerTenant = 20;

    /// <summary>Changes of a tenant's endpoints a day, replays included: each is an entry of the audit log for ever.</summary>
    public const int MaxChangesPerTenantAndDay = 500;

    /// <summary>Replays of one endpoint that wait for their turn.</summary>
    public const int MaxReplays = 10;

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, WebhookEndpoint> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (string Id, string Payload, Replay? Replay)> _requests = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, TenantId> _deleted = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<long>> _changesUnixMs = new(StringComparer.Ordinal);

    /// <param name="audit">Not yet read.</param>
    /// <param name="time">Our clock.</param>
    public WebhookEndpoints(AuditLog audit, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(audit);
        (_audit, _time) = (audit, time);
        audit.Add(this);
    }

    public IEnumerable<WebhookEndpoint> All => _byId.Values;

    /// <summary>A tenant's, oldest first.</summary>
    public IReadOnlyList<WebhookEndpoint> Of(TenantId tenant) =>
        [.. _byId.Values.Where(endpoint => endpoint.Tenant == tenant).OrderBy(endpoint => endpoint.CreatedAt).ThenBy(endpoint => endpoint.Id, StringComparer.Ordinal)];

    /// <returns>Null when the tenant has none of that id.</returns>
    public WebhookEndpoint? Find(TenantId tenant, string id) => _byId.TryGetValue(id, out var endpoint) && endpoint.Tenant == tenant ? endpoint : null;

    /// <summary>Deleted ones of which something may still be kept, first to last. Who forgets it takes the id out.</summary>
    internal ConcurrentQueue<string> Unforgotten { get; } = new();

    public static string NewId() => "whk_" + RandomNumberGenerator.GetString("0123456789abcdefghjkmnpqrstvwxyz", 12);

    /// <summary>What <see cref="CreateAsync"/> would answer without making anything, before anything is written for it.</summary>
    /// <returns>Null when it may make an endpoint.</returns>
    public async Task<EndpointOutcome?> FindRefusalAsync(TenantId tenant, AuditRequest request, CancellationToken cancellation)
    {
        EndpointOutcome? refused = null;
        await _audit.AddAsync(() =>
        {
            refused = Refuse(tenant, request);
            return null;
        }, cancellation);
        return refused;
    }

    /// <param name="id">A new one, for which it is already noted where the endpoint begins to read.</param>
    /// <param name="tenant">Whose it will be.</param>
    /// <param name="settings">What it chooses.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="request">Makes a repeat known.</param>
    /// <param name="cancellation">Gives up waiting; it may be done.</param>
    /// <exception cref="StoreUnavailableException">It may be done. As of all that follow.</exception>
    public async Task<EndpointOutcome> CreateAsync(string id, TenantId tenant, EndpointSettings settings, Actor actor, AuditRequest request, CancellationToken cancellation)
    {
        var now = _time.GetUtcNow();
        var made = new WebhookEndpoint(id, tenant, settings, now, now, 1, null);
        EndpointOutcome? refused = null;
        await _audit.AddAsync(() =>
        {
            refused = Refuse(tenant, request);
            return refused is null ? EndpointRecords.Of(EndpointRecords.Created, made, actor, EndpointRecords.Of(settings) with { Request = request.ToString() }) : null;
        }, cancellation);
        return refused ?? Present(id);
    }

    /// <summary>Sets what the tenant chooses, whole; and lets an endpoint that was stopped go on, unless it is disabled.</summary>
    public Task<EndpointOutcome> ChangeAsync(TenantId tenant, string id, EndpointSettings settings, Actor actor, CancellationToken cancellation) =>
        AddAsync(tenant, id, null, endpoint => endpoint.Settings == settings && endpoint.StoppedBecause is null
            ? null
            : EndpointRecords.Of(EndpointRecords.Changed, endpoint, actor, EndpointRecords.Of(settings)), cancellation);

    /// <summary>Makes the next secret sign, and lets the one before go on for a while. Of those before that none signs any more.</summary>
    public Task<EndpointOutcome> RotateAsync(TenantId tenant, string id, TimeSpan overlap, Actor actor, AuditRequest request, CancellationToken cancellation) =>
        AddAsync(tenant, id, request, endpoint => EndpointRecords.Of(EndpointRecords.Rotated, endpoint, actor, new EndpointDetail
        {
            Secret = endpoint.Secret + 1, FormerEndsAt = _time.GetUtcNow() + overlap, Request = request.ToString(),
        }), cancellation);

    /// <param name="tenant">Whose endpoint it must be.</param>
    /// <param name="id">The endpoint.</param>
    /// <param name="of">What is to be sent again.</param>
    /// <param name="replayedTo">The last replay that was made, of those asked for before.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="request">Makes a repeat known.</param>
    /// <param name="cancellation">Gives up waiting; it may be done.</param>
    public async Task<EndpointOutcome> AskReplayAsync(
        TenantId tenant, string id, ReplayOf of, long replayedTo, Actor actor, AuditRequest request, CancellationToken cancellation)
    {
        var isFull = false;
        var outcome = await AddAsync(tenant, id, request, endpoint => (isFull = endpoint.Replays.Count(replay => replay.Seq > replayedTo) >= MaxReplays)
            ? null
            : EndpointRecords.Of(EndpointRecords.ReplayAsked, endpoint, actor, EndpointRecords.Of(of) with { Request = request.ToString() }), cancellation);
        return isFull ? new EndpointOutcome.TooManyReplays() : outcome;
    }

    /// <returns>False when there was none.</returns>
    public async Task<bool> DeleteAsync(TenantId tenant, string id, Actor actor, CancellationToken cancellation)
    {
        await _audit.AddAsync(() => Find(tenant, id) is { } endpoint ? EndpointRecords.Of(EndpointRecords.Deleted, endpoint, actor, new EndpointDetail()) : null, cancellation);
        return _deleted.TryGetValue(id, out var owner) && owner == tenant;
    }

    /// <summary>Lets an endpoint stand still until the tenant changes it.</summary>
    /// <param name="endpoint">As it was when there was reason to.</param>
    /// <param name="reason">Of <see cref="StopReasons"/>.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task StopAsync(WebhookEndpoint endpoint, string reason, CancellationToken cancellation) => await _audit.AddAsync(
        () => Find(endpoint.Tenant, endpoint.Id) is { IsDelivering: true } now && now.ChangedAt == endpoint.ChangedAt
            ? EndpointRecords.Of(EndpointRecords.Stopped, now, Actor.System, new EndpointDetail { Reason = reason })
            : null, cancellation);

    public void Apply(AuditEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!entry.Action.StartsWith("webhook.", StringComparison.Ordinal) || EndpointRecords.Read(entry) is not { } detail || !TenantId.TryParse(entry.Tenant, out var tenant))
            return;
        if (entry.Action == EndpointRecords.Deleted)
        {
            _byId.TryRemove(entry.Subject, out _);
            _deleted[entry.Subject] = tenant;
            Unforgotten.Enqueue(entry.Subject);
        }
        else if (Next(entry, detail, tenant) is { } next)
            _byId[entry.Subject] = next;
        if (AuditRequest.TryParse(detail.Request) is { } request)
            _requests[request.Key] = (entry.Subject, request.Payload, ReplayOfEntry(entry, detail));
        if (entry.Action != EndpointRecords.Stopped)
            Count(tenant, entry.AtUnixMs);
    }

    private static Replay? ReplayOfEntry(AuditEntry entry, EndpointDetail detail) =>
        entry.Action == EndpointRecords.ReplayAsked && detail.ToReplay() is { } of ? new Replay(entry.Seq, of) : null;

    private WebhookEndpoint? Next(AuditEntry entry, EndpointDetail detail, TenantId tenant)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(entry.AtUnixMs);
        if (entry.Action == EndpointRecords.Created)
            return detail.ToSettings() is { } settings ? new WebhookEndpoint(entry.Subject, tenant, settings, at, at, 1, null) : null;
        if (!_byId.TryGetValue(entry.Subject, out var endpoint))
            return null;
        return entry.Action switch
        {
            EndpointRecords.Changed => detail.ToSettings() is { } changed ? endpoint with { Settings = changed, StoppedBecause = null, ChangedAt = at } : endpoint,
            EndpointRecords.Rotated => endpoint with { Secret = detail.Secret ?? endpoint.Secret, FormerSecretEndsAt = detail.FormerEndsAt },
            EndpointRecords.Stopped => endpoint with { StoppedBecause = detail.Reason },
            EndpointRecords.ReplayAsked when ReplayOfEntry(entry, detail) is { } replay => endpoint with { Replays = [.. endpoint.Replays.TakeLast(MaxReplays - 1), replay] },
            _ => endpoint,
        };
    }

    private async Task<EndpointOutcome> AddAsync(TenantId tenant, string id, AuditRequest? request, Func<WebhookEndpoint, AuditDraft?> decide, CancellationToken cancellation)
    {
        EndpointOutcome? outcome = null;
        var entry = await _audit.AddAsync(() =>
        {
            outcome = request is null ? null : Repeat(request);
            if (outcome is not null)
                return null;
            if (Find(tenant, id) is not { } endpoint)
            {
                outcome = new EndpointOutcome.NotFound();
                return null;
            }

            var draft = decide(endpoint);
            if (draft is not null && HasChangedEnough(tenant))
            {
                outcome = new EndpointOutcome.TooMany();
                return null;
            }

            return draft;
        }, cancellation);
        if (outcome is not null)
            return outcome;
        return entry?.Action == EndpointRecords.ReplayAsked ? new EndpointOutcome.Asked(new Replay(entry.Seq, EndpointRecords.Read(entry)!.ToReplay()!), IsRepeat: false) : Present(id);
    }

    // It may have been deleted at once by somebody else.
    private EndpointOutcome Present(string id) => _byId.TryGetValue(id, out var endpoint) ? new EndpointOutcome.Done(endpoint) : new EndpointOutcome.NotFound();

    private EndpointOutcome? Refuse(TenantId tenant, AuditRequest request) => Repeat(request) ?? (IsFull(tenant) ? new EndpointOutcome.TooMany() : null);

    private EndpointOutcome? Repeat(AuditRequest request)
    {
        if (!_requests.TryGetValue(request.Key, out var before))
            return null;
        if (before.Payload != request.Payload)
            return new EndpointOutcome.OtherRequest();
        if (before.Replay is { } replay)
            return new EndpointOutcome.Asked(replay, IsRepeat: true);
        return _byId.TryGetValue(before.Id, out var endpoint) ? new EndpointOutcome.DoneBefore(endpoint) : new EndpointOutcome.NotFound();
    }

    private bool IsFull(TenantId tenant) => _byId.Values.Count(endpoint => endpoint.Tenant == tenant) >= MaxPerTenant || HasChangedEnough(tenant);

    // Both are called by the log alone, one after another.
    private bool HasChangedEnough(TenantId tenant)
    {
        var since = (_time.GetUtcNow() - Day).ToUnixTimeMilliseconds();
        return _changesUnixMs.TryGetValue(tenant.Value, out var changes) && changes.Count(at => at > since) >= MaxChangesPerTenantAndDay;
    }

    private void Count(TenantId tenant, long atUnixMs)
    {
        if (!_changesUnixMs.TryGetValue(tenant.Value, out var changes))
            _changesUnixMs[tenant.Value] = changes = new Queue<long>();
        changes.Enqueue(atUnixMs);
        while (changes.Count > MaxChangesPerTenantAndDay)
            changes.Dequeue();
    }
}
