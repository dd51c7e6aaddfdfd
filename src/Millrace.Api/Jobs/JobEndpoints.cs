using System.Globalization;
using Millrace.Api.Edge;
using Millrace.Api.Keys;
using Millrace.Api.Problems;

namespace Millrace.Api.Jobs;

/// <summary><c>GET /v1/jobs…</c>: the tenant's jobs, one of them, and what became of its orders.</summary>
internal sealed class JobEndpoints(JobStore store)
{
    private const int MaxLimit = 200;
    private const int DefaultLimit = 50;
    private static readonly Problem NotFound = new(ProblemKinds.JobNotFound, "There is no such job.");

    public async Task ListAsync(HttpContext http, Caller caller)
    {
        var jobs = await store.ListAsync(caller.Tenant, http.RequestAborted);
        http.Response.Headers.CacheControl = "no-store";
        await Answer.Json(http, StatusCodes.Status200OK, jobs, static (w, all) => JobAnswers.Write(w, all));
    }

    public async Task GetAsync(HttpContext http, Caller caller)
    {
        if (await FindAsync(http, caller) is { Job: var job })
            await SendAsync(http, StatusCodes.Status200OK, job);
        else
            await Answer.Problem(http, NotFound);
    }

    public async Task ResultsAsync(HttpContext http, Caller caller)
    {
        if (Read(http.Request.Query, out var from, out var limit) is { } problem)
        {
            await Answer.Problem(http, problem);
            return;
        }

        if (await FindAsync(http, caller) is not { Job: var job })
        {
            await Answer.Problem(http, NotFound);
            return;
        }

        var results = await store.ResultsOf(job).ReadAsync(from, limit, job.Progress.Processed, http.RequestAborted);
        var next = from + results.Count < job.Progress.Processed ? (from + results.Count).ToString(CultureInfo.InvariantCulture) : null;
        http.Response.Headers.CacheControl = "no-store";
        await Answer.Json(http, StatusCodes.Status200OK, (results, next), static (w, page) => JobAnswers.Write(w, page.results, page.next));
    }

    internal static Task SendAsync(HttpContext http, int status, Job job)
    {
        http.Response.Headers.CacheControl = "no-store";
        return Answer.Json(http, status, job, JobAnswers.Write);
    }

    private Task<StoredJob?> FindAsync(HttpContext http, Caller caller) =>
        store.FindAsync(caller.Tenant, (string?)http.GetRouteValue("job") ?? "", http.RequestAborted);

    private static Problem? Read(IQueryCollection query, out int from, out int limit)
    {
        (from, limit) = (0, DefaultLimit);
        foreach (var (name, values) in query)
        {
            var text = values.Count == 1 ? values[0] : null;
            switch (name)
            {
                case "cursor" when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out from):
                case "limit" when int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out limit) && limit is >= 1 and <= MaxLimit:
                    continue;
                case "cursor":
                    return new Problem(ProblemKinds.InvalidCursor, "The cursor is not from this list.");
                default:
                    return new Problem(ProblemKinds.InvalidParameter, $"There are cursor, the next_cursor of the page before, and limit, 1 to {MaxLimit}.");
            }
        }

        return null;
    }
}
