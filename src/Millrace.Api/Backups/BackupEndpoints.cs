using Millrace.Api.Edge;
using Millrace.Api.Idempotency;
using Millrace.Api.Json;
using Millrace.Api.Keys;
using Millrace.Api.Orders.Change;
using Millrace.Api.Problems;
using Millrace.Cluster.Administration;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;

namespace Millrace.Api.Backups;

/// <summary><c>POST /v1/backups</c> begins one and answers at once; <c>GET</c> tells how far it is. Where it goes is the server's to know.</summary>
internal sealed class BackupEndpoints(BackupJobs jobs, AuditLog audit)
{
    public async Task StartAsync(HttpContext http, Caller caller)
    {
        var problem = IdempotencyKey.Read(http.Request.Headers[IdempotencyKey.HeaderName], out var idempotencyKey);
        var utf8 = Array.Empty<byte>();
        if (problem is null)
            (utf8, problem) = await SmallBody.ReadAsync(http.Request, mayBeEmpty: true);
        problem ??= ReadNothing(utf8);
        if (problem is null && !jobs.IsConfigured)
            problem = new Problem(ProblemKinds.BackupsNotConfigured, "Start the server with --backups FOLDER. PostgreSQL is backed up with its own tools.");
        if (problem is null && jobs.MayStart(NameHash.ChangeKey(caller.Tenant, "backups", idempotencyKey)))
            problem = await RecordAsync(caller, http.RequestAborted);
        if (problem is null)
        {
            if (jobs.StartOrFind(NameHash.ChangeKey(caller.Tenant, "backups", idempotencyKey), out var isReplayed) is { } job)
            {
                if (isReplayed)
                    http.Response.Headers[IdempotencyKey.ReplayedHeaderName] = "true";
                http.Response.Headers.Location = "/v1/backups/" + job.Id;
                await SendAsync(http, StatusCodes.Status202Accepted, job);
                return;
            }

            problem = new Problem(ProblemKinds.BackupRunning, "One backup is made at a time.");
        }

        await Answer.Problem(http, problem);
    }

    public Task GetAsync(HttpContext http, Caller caller) => jobs.Find((string?)http.GetRouteValue("backup") ?? "") is { } job
        ? SendAsync(http, StatusCodes.Status200OK, job)
        : Answer.Problem(http, new Problem(ProblemKinds.BackupNotFound, "This server was not asked for such a backup since it started."));

    // Before it begins: it may be recorded and then fail, but not be made unseen.
    private async Task<Problem?> RecordAsync(Caller caller, CancellationToken cancellation)
    {
        try
        {
            await audit.AddAsync(() => new AuditDraft(caller.Actor, null, "backup.asked_for", "store"), cancellation);
            return null;
        }
        catch (StoreUnavailableException)
        {
            return new Problem(ProblemKinds.Unavailable, "The audit log cannot be written now.");
        }
    }

    private static Task SendAsync(HttpContext http, int status, BackupJob job)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, status, job, static (w, j) => j.Write(w));
    }

    private static Problem? ReadNothing(ReadOnlySpan<byte> utf8)
    {
        var json = new StrictJson(utf8);
        ChangeBodies.Nothing(ref json);
        json.End();
        return json.HasErrors ? Problem.Of(json.Errors) : null;
    }
}
