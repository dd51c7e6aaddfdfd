using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Orders.Change;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;

namespace Millrace.Api.Jobs;

/// <summary><c>POST /v1/jobs/{job}/pause</c>, <c>resume</c> and <c>cancel</c>: what the runner sees after the orders that it is at, within a second or two.</summary>
internal sealed class ControlJob(JobStore store, JobSlots slots, AuditQuota audit, TimeProvider time)
{
    // Beyond it, a repeat of a key that is older would be taken for a new intent.
    private const int MostKeysKept = 16;

    private static readonly Problem NotFound = new(ProblemKinds.JobNotFound, "There is no such job.");

    public Authorized Pause => Handle("pause", JobStatus.Paused, JobStatus.Running);

    public Authorized Resume => Handle("resume", JobStatus.Running, JobStatus.Paused, JobStatus.Failed);

    public Authorized Cancel => Handle("cancel", JobStatus.Canceled, JobStatus.Running, JobStatus.Paused, JobStatus.Failed);

    private Authorized Handle(string verb, string status, params string[] from) => async (http, caller) =>
    {
        var problem = IdempotencyKey.Read(http.Request.Headers[IdempotencyKey.HeaderName], out var idempotencyKey);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: true);
        problem ??= ReadNothing(utf8);
        if (problem is null)
            problem = await ChangeAsync(http, caller, verb, status, from, idempotencyKey);
        if (problem is not null)
            await Answer.Problem(http, problem);
    };

    private async Task<Problem?> ChangeAsync(HttpContext http, Caller caller, string verb, string status, string[] from, string idempotencyKey)
    {
        var (id, cancellation) = ((string?)http.GetRouteValue("job") ?? "", http.RequestAborted);
        var key = $"{NameHash.ChangeKey(caller.Tenant, $"jobs/{id}/{verb}", idempotencyKey):x32}";
        var isRecorded = false;
        while (await store.FindAsync(caller.Tenant, id, cancellation) is { } stored)
        {
            if (stored.Job.Controls.Contains(key))
            {
                http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
                await DoneAsync(http, stored.Job);
                return null;
            }

            if (verb == "resume" && JobRules.ScopeOf(stored.Job.Action) is var scope && !caller.Allows(scope))
                return Access.Lacks(scope);

            // The key is kept also where nothing is to be changed: a late repeat must not undo what somebody asked for since.
            var changed = stored.Job with { Controls = [.. stored.Job.Controls.Append(key).TakeLast(MostKeysKept)] };
            if (changed.Status != status)
            {
                if (!from.Contains(changed.Status))
                    return new Problem(ProblemKinds.JobEnded, $"The job is {changed.Status}.");
                if (verb == "resume" && !changed.IsOpen && !await slots.TryTakeAsync(caller.Tenant, id, cancellation))
                    return StartJob.TooMany;
                if (!isRecorded && await audit.AddAsync(JobAudit.Changed(stored.Job, verb, caller.Actor), cancellation) is { } refused)
                    return refused;
                isRecorded = true;
                changed = changed with { Status = status, EndedAtUnixMs = status == JobStatus.Canceled ? time.GetUtcNow().ToUnixTimeMilliseconds() : null };
            }

            // Its runner may have come further in between.
            if (await store.TrySaveAsync(stored, changed, cancellation) is null)
                continue;
            await DoneAsync(http, changed);
            return null;
        }

        return NotFound;
    }

    // Also after a repeat, as a crash may have come before the mark; and whether or not whoever asked is still there.
    private async Task DoneAsync(HttpContext http, Job job)
    {
        if (job.Status == JobStatus.Running)
            await store.MarkAsync(job, CancellationToken.None);
        await JobEndpoints.SendAsync(http, StatusCodes.Status200OK, job);
    }

    private static Problem? ReadNothing(ReadOnlySpan<byte> utf8)
    {
        var json = new StrictJson(utf8);
        ChangeBodies.Nothing(ref json);
        json.End();
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }
}
