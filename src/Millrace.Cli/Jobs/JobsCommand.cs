using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Jobs;

/// <summary><c>millrace jobs start|list|get|results|pause|resume|cancel</c>: what the server does with every order that matches a query.</summary>
internal static class JobsCommand
{
    // The server's own limit on a page.
    private const int MaxPage = 200;
    private const string JobsPath = "/v1/jobs";

    public static Command Create() => new("jobs", "Do something with every order that matches")
    {
        StartJob.Create(),
        Reading.Rows("list", "List jobs, newest first", [], _ => ApiRequest.Get(JobsPath), "id", "status", "action", "processed#", "total#", "changed#", "refused#", "skipped#", "created_at"),
        WatchJob.Create(),
        Results(),
        Control("pause", "Let a job rest after the orders that it is at", "running"),
        Control("resume", "Let a job go on that is paused, or that failed", "paused", "failed"),
        Control("cancel", "End a job; what it has done stays done", "running", "paused", "failed"),
    };

    public static string PathOf(string job) => $"{JobsPath}/{Uri.EscapeDataString(job)}";

    public static Argument<string> JobArgument() => new("job") { Description = "job_…" };

    private static Command Results()
    {
        var job = JobArgument();
        var limit = new Option<int>("--limit") { Description = "Most orders to show", DefaultValueFactory = _ => 10_000 };
        return Reading.Create("results", "Show what became of each order of a job", [job, limit],
            arguments => arguments.GetValue(limit) is >= 1 and var most
                ? ApiRequest.Get($"{PathOf(arguments.GetValue(job)!)}/results?limit={Math.Min(most, MaxPage)}")
                : throw new UsageException($"{limit.Name} is at least 1."),
            async (client, request, arguments, cancellation) =>
            {
                var (rows, hasMore) = await PagedList.ReadAsync(client, request, "cursor", arguments.GetValue(limit), cancellation);
                if (hasMore)
                    await arguments.InvocationConfiguration.Error.WriteLineAsync($"There are more than these {rows.Count}: raise {limit.Name}.");
                return new Shown.Many(rows, "order", "outcome", "code");
            });
    }

    private static Command Control(string verb, string description, params string[] from)
    {
        var job = JobArgument();
        return Mutation.Create(verb, description, [job], arguments =>
        {
            var path = PathOf(arguments.GetValue(job)!);
            return new Change(ApiRequest.Post($"{path}/{verb}", JsonBody.Of(static _ => { })), Scopes.OpsWrite)
            {
                Subjects = [new ChangeSubject(path)], Objection = shown => Objection(shown, verb, from),
            };
        });
    }

    // What is so already is no change, and no objection.
    private static string? Objection(JsonElement job, string verb, string[] from) => job.Text("status") is { } status && !from.Contains(status, StringComparer.Ordinal)
        && (verb, status) is not (("pause", "paused") or ("resume", "running") or ("cancel", "canceled"))
            ? $"the job is {status}."
            : null;
}
