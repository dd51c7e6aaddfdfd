using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Limits;
using Millrace.Api.Problems;
using Millrace.Domain.Identity;

namespace Millrace.Api.Jobs;

/// <summary><c>POST /v1/jobs</c>: notes what is to be done, and answers at once. A job's id follows from its idempotency key, so that a repeat finds it for as long as it is kept.</summary>
internal sealed class StartJob(JobStore store, JobSlots slots, AuditQuota audit, TimeProvider time)
{
    /// <summary>Said also of a job that failed, and would be one more.</summary>
    public static Problem TooMany { get; } = new(ProblemKinds.TooManyJobs, $"{JobSlots.MostOpen} jobs are running or paused. Cancel one, or wait for its end.");

    public async Task HandleAsync(HttpContext http, Caller caller)
    {
        var problem = IdempotencyKey.Read(http.Request.Headers[IdempotencyKey.HeaderName], out var idempotencyKey);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: false);
        NewJob? asked = null;
        problem ??= Parse(utf8, out asked);
        if (problem is null && JobRules.ScopeOf(asked!.Action) is var scope && !caller.Allows(scope))
            problem = Access.Lacks(scope);
        var id = $"job_{NameHash.ChangeKey(caller.Tenant, "jobs", idempotencyKey):x32}";
        var payload = $"{PayloadHash.Of(utf8):x32}";
        if (problem is null)
            problem = await StartAsync(http, caller, id, payload, asked!);
        if (problem is not null)
            await Answer.Problem(http, problem);
    }

    private async Task<Problem?> StartAsync(HttpContext http, Caller caller, string id, string payload, NewJob asked)
    {
        var cancellation = http.RequestAborted;
        if (await store.FindAsync(caller.Tenant, id, cancellation) is { } known)
            return await RepeatAsync(http, known.Job, payload);
        if (!await slots.TryTakeAsync(caller.Tenant, id, cancellation))
            return TooMany;
        var job = new Job
        {
            Id = id, Tenant = caller.Tenant.Value, Action = asked.Action, Query = asked.Query, Reason = asked.Reason, Rate = asked.Rate, Limit = asked.Limit,
            ActorKind = caller.Actor.Kind, ActorName = caller.Actor.Name, Payload = payload, CreatedAtUnixMs = time.GetUtcNow().ToUnixTimeMilliseconds(), Status = JobStatus.Running,
        };
        // Before it begins: it may be recorded and then fail, but not be begun unseen.
        if (await audit.AddAsync(JobAudit.Started(job, caller.Actor), cancellation) is { } refused)
            return refused;
        if (await store.TryAddAsync(job, cancellation) is null)
        {
            // Of two requests with one key, the other was first.
            return await store.FindAsync(caller.Tenant, id, cancellation) is { } first
                ? await RepeatAsync(http, first.Job, payload)
                : new Problem(ProblemKinds.Unavailable, "Repeat the request, with the same Idempotency-Key, a little later.");
        }

        // Whoever asked may be gone: without its mark the job would wait for the runner's next look at all.
        await store.MarkAsync(job, CancellationToken.None);
        await SendAsync(http, job);
        return null;
    }

    private async Task<Problem?> RepeatAsync(HttpContext http, Job job, string payload)
    {
        if (job.Payload != payload)
            return new Problem(ProblemKinds.KeyReused, "The Idempotency-Key was used with another request before.");
        // Whoever repeats may have been cut off before it was marked.
        if (job.Status == JobStatus.Running)
            await store.MarkAsync(job, CancellationToken.None);
        http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
        await SendAsync(http, job);
        return null;
    }

    private static Task SendAsync(HttpContext http, Job job)
    {
        http.Response.Headers.Location = "/v1/jobs/" + job.Id;
        return JobEndpoints.SendAsync(http, StatusCodes.Status202Accepted, job);
    }

    private static Problem? Parse(ReadOnlySpan<byte> utf8, out NewJob job)
    {
        var json = new StrictJson(utf8);
        job = JobBodies.Read(ref json);
        json.End();
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }
}
