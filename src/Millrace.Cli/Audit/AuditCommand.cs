using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Audit;

/// <summary><c>millrace audit list</c>: who did what to the merchant's keys and, with <c>system:operate</c>, to the installation.</summary>
internal static class AuditCommand
{
    // The server's own limit on a page.
    private const int MaxPage = 200;

    public static Command Create() => new("audit", "Read the audit log") { List() };

    private static Command List()
    {
        var after = new Option<long>("--after") { Description = "Only entries behind this one", DefaultValueFactory = _ => 0 };
        var limit = new Option<int>("--limit") { Description = "Most entries to show", DefaultValueFactory = _ => 10_000 };
        var check = new Option<bool>("--check") { Description = "Compute the hash chain again, between entries that follow on each other; exit code 1 when one does not fit" };
        var watching = new Watching();
        var command = Reading.Create("list", "List entries, oldest first", [after, limit, check],
            arguments =>
            {
                if (arguments.GetValue(after) < 0 || arguments.GetValue(limit) < 1)
                    throw new UsageException($"{after.Name} is not negative, and {limit.Name} at least 1.");
                return ApiRequest.Get($"/v1/audit?limit={Math.Min(arguments.GetValue(limit), MaxPage)}&after={arguments.GetValue(after)}");
            },
            async (client, request, arguments, output, cancellation) =>
            {
                var exit = Acting.Done;
                var shown = await watching.RunAsync(arguments, output, async token =>
                {
                    var (rows, hasMore) = await PagedList.ReadAsync(client, request, "after", arguments.GetValue(limit), token);
                    if (hasMore)
                        await arguments.InvocationConfiguration.Error.WriteLineAsync($"There are more than these {rows.Count}: raise {limit.Name}, or go on with {after.Name}.");
                    if (arguments.GetValue(check))
                        exit = await AuditChain.TellAsync(client, arguments, rows, token);
                    return new Shown.Many(rows, "seq#", "at", "actor.name", "action", "subject", "detail");
                }, cancellation);
                return shown == Acting.Done ? exit : shown;
            });
        watching.AddTo(command);
        return command;
    }
}
