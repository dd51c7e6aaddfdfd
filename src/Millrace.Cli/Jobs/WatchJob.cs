using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Jobs;

/// <summary><c>jobs get</c>: a job as it is, or with <c>--watch</c> until it is over.</summary>
internal static class WatchJob
{
    public static Command Create()
    {
        var job = JobsCommand.JobArgument();
        var watching = new Watching();
        var command = Reading.Create("get", "Show how far a job is; --watch shows a bar on a terminal, and ends with the job: exit code 1 when it failed or was canceled", [job],
            arguments => ApiRequest.Get(JobsCommand.PathOf(arguments.GetValue(job)!)),
            (client, request, arguments, output, cancellation) =>
            {
                if (!watching.IsAsked(arguments))
                    return watching.RunAsync(arguments, output, async token => new Shown.One(await ReadAsync(client, request, token)), cancellation);
                return output.Of(arguments) == OutputFormat.Table && Terminal.IsTerminal(arguments.InvocationConfiguration.Output)
                    ? DrawAsync(client, request, arguments, output, watching.Every(arguments), cancellation)
                    : watching.FollowAsync(arguments, output, token => LookAsync(client, request, token), cancellation);
            });
        watching.AddTo(command);
        return command;
    }

    private static async Task<JsonElement> ReadAsync(MillraceClient client, ApiRequest request, CancellationToken cancellation) => (await client.SendAsync(request, cancellation)).Body;

    private static async Task<(Shown, int?)> LookAsync(MillraceClient client, ApiRequest request, CancellationToken cancellation)
    {
        var job = await ReadAsync(client, request, cancellation);
        return (new Shown.One(job), EndOf(job));
    }

    private static async Task<int> DrawAsync(MillraceClient client, ApiRequest request, ParseResult arguments, Output output, TimeSpan wait, CancellationToken cancellation)
    {
        var job = await ReadAsync(client, request, cancellation);
        await Progressing.RunAsync("orders", Number(job, "total") ?? Number(job, "limit") ?? 0, () => Number(job, "processed") ?? 0, async () =>
        {
            while (EndOf(job) is null)
            {
                await Task.Delay(wait, cancellation);
                job = await ReadAsync(client, request, cancellation);
            }
        });
        output.WriteOne(arguments, job);
        return EndOf(job) ?? Acting.Done;
    }

    private static int? EndOf(JsonElement job) => job.Text("status") switch
    {
        "done" => Acting.Done,
        "canceled" or "failed" => Acting.Failed,
        _ => null,
    };

    private static long? Number(JsonElement job, string name) => job.Find(name) is { ValueKind: JsonValueKind.Number } value ? value.GetInt64() : null;
}
