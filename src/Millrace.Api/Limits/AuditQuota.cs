using System.Collections.Concurrent;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Engine.Administration;

namespace Millrace.Api.Limits;

/// <summary>
/// How much a tenant may add to the audit log a day by what it can do again and again: jobs and dismissals. The log is never shortened, and every start reads
/// all of it. Thread-safe.
/// </summary>
internal sealed class AuditQuota : IAuditFollower
{
    /// <summary>Of one tenant, in a day of UTC.</summary>
    public const int MostADay = 10_000;

    private const long DayMs = 86_400_000;
    private readonly ConcurrentDictionary<string, (long Day, int Count)> _added = new(StringComparer.Ordinal);
    private readonly AuditLog _audit;
    private readonly TimeProvider _time;
    private readonly int _most;

    /// <param name="audit">Not yet read.</param>
    /// <param name="time">Our clock.</param>
    /// <param name="most">As <see cref="MostADay"/>.</param>
    public AuditQuota(AuditLog audit, TimeProvider time, int most = MostADay)
    {
        (_audit, _time, _most) = (audit, time, most);
        audit.Add(this);
    }

    /// <returns>Null when it is in the log; else nothing was added.</returns>
    public async Task<Problem?> AddAsync(AuditDraft draft, CancellationToken cancellation)
    {
        Problem? refused = null;
        await _audit.AddAsync(() => (refused = UndoesOne(draft.Action) ? null : Refusal(draft.Tenant!)) is null ? draft : null, cancellation);
        return refused;
    }

    public void Apply(AuditEntry entry)
    {
        if (entry.Tenant is null || !(entry.Action.StartsWith("job.", StringComparison.Ordinal) || entry.Action.StartsWith("order.", StringComparison.Ordinal)))
            return;
        var day = entry.AtUnixMs / DayMs;
        _added.AddOrUpdate(
            entry.Tenant, static (_, day) => (day, 1),
            static (_, before, day) => day > before.Day ? (day, 1) : before with { Count = before.Count + 1 }, day);
    }

    // What went wrong can always be stopped. Each needs another before it, so they are bounded too.
    private static bool UndoesOne(string action) => action is "job.paused" or "job.canceled" or "order.restored";

    private Problem? Refusal(string tenant)
    {
        var nowMs = _time.GetUtcNow().ToUnixTimeMilliseconds();
        // A later day than today is of a clock that was set back since: it goes on to count.
        if (!_added.TryGetValue(tenant, out var added) || added.Day < nowMs / DayMs || added.Count < _most)
            return null;
        return new Problem(ProblemKinds.QuotaExceeded, $"Jobs and dismissals are in the audit log for ever: {_most} a day may be added.")
        {
            RetryAfterSeconds = ((DayMs - (nowMs % DayMs)) / 1_000) + 1,
        };
    }
}
