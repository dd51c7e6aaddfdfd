using Millrace.Cluster.Administration;
using Millrace.Domain.Orders;
using Millrace.Engine.Administration;

namespace Millrace.Api.Limits;

/// <summary>A merchant of whom no new order is taken now.</summary>
/// <param name="SinceUnixMs">When that was asked for, by the clock of the node that was asked.</param>
/// <param name="By">Who asked.</param>
internal sealed record PausedTenant(string Name, long SinceUnixMs, string? By);

/// <summary>The merchants whom an operator has paused, as the audit log tells. Thread-safe. What is paused is the taking of orders: what was taken goes on.</summary>
internal sealed class PausedTenants : IAuditFollower
{
    // Stored names; never to change.
    private const string Paused = "tenant.paused";
    private const string Resumed = "tenant.resumed";

    // Replaced whole: an order's way looks at it once and waits for nobody.
    private volatile Dictionary<string, PausedTenant> _paused = new(StringComparer.Ordinal);

    /// <param name="audit">Not yet read.</param>
    public PausedTenants(AuditLog audit) => audit.Add(this);

    public IReadOnlyList<PausedTenant> All => [.. _paused.Values.OrderBy(tenant => tenant.Name, StringComparer.Ordinal)];

    public bool IsPaused(string tenant) => _paused.Count > 0 && _paused.ContainsKey(tenant);

    /// <returns>Null when it is so already.</returns>
    public AuditDraft? Pause(string tenant, Actor actor) => IsPaused(tenant) ? null : new AuditDraft(actor, tenant, Paused, tenant);

    /// <inheritdoc cref="Pause"/>
    public AuditDraft? Resume(string tenant, Actor actor) => IsPaused(tenant) ? new AuditDraft(actor, tenant, Resumed, tenant) : null;

    public void Apply(AuditEntry entry)
    {
        if (entry.Action is not (Paused or Resumed))
            return;
        var next = new Dictionary<string, PausedTenant>(_paused, StringComparer.Ordinal);
        if (entry.Action == Paused)
            next[entry.Subject] = new PausedTenant(entry.Subject, entry.AtUnixMs, entry.Actor.Name);
        else
            next.Remove(entry.Subject);
        _paused = next;
    }
}
