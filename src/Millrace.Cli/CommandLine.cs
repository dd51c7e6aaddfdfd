using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;
using Millrace.Cli.Alerts;
using Millrace.Cli.Caches;
using Millrace.Cli.Audit;
using Millrace.Cli.Bench;
using Millrace.Cli.Client;
using Millrace.Cli.Cluster;
using Millrace.Cli.Completions;
using Millrace.Cli.Demo;
using Millrace.Cli.Doctor;
using Millrace.Cli.Jobs;
using Millrace.Cli.Keys;
using Millrace.Cli.Orders;
using Millrace.Cli.Overview;
using Millrace.Cli.Parked;
using Millrace.Cli.Plan;
using Millrace.Cli.Psp;
using Millrace.Cli.Reconciliation;
using Millrace.Cli.Replay;
using Millrace.Cli.Serve;
using Millrace.Cli.Shards;
using Millrace.Cli.Simulate;
using Millrace.Cli.Stores;
using Millrace.Cli.Tenants;
using Millrace.Cli.Torture;
using Millrace.Cli.Verify;
using Millrace.Cli.Webhooks;

namespace Millrace.Cli;

/// <summary>All commands.</summary>
internal static partial class CommandLine
{
    public static RootCommand Create() => new("Millrace: orders accepted, stock held, money moved, nothing lost.")
    {
        ServeCommand.Create(),
        DemoCommand.Create(),
        OrdersCommand.Create(),
        EventsCommand.Create(),
        WebhooksCommand.Create(),
        ParkedCommand.Create(),
        JobsCommand.Create(),
        ItemsCommand.Create(),
        StockCommand.Create(),
        OverviewCommand.Create(),
        AlertsCommand.Create(),
        ReconciliationCommand.Create(),
        CachesCommand.Create(),
        ClusterCommand.Create(),
        KeysCommand.Create(),
        TenantsCommand.Create(),
        AuditCommand.Create(),
        DoctorCommand.Create(),
        PlanCommand.Create(),
        VerifyCommand.Create(),
        BackupCommand.Create(),
        RestoreCommand.Create(),
        ArchiveCommand.Create(),
        MigrateStoreCommand.Create(),
        ShardsCommand.Create(),
        SimulateCommand.Create(),
        TortureCommand.Create(),
        BenchCommand.Create(),
        ReplayCommand.Create(),
        PspCommand.Create(),
        CompletionsCommand.Create(),
    };

    /// <returns>The exit code, as in <see cref="Acting.Codes"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, InvocationConfiguration configuration, CancellationToken cancellation = default)
    {
        var parsed = Create().Parse(arguments);
        // Help and the like are asked for, whatever else is there.
        if (parsed.Errors.Count == 0 || parsed.Action is not ParseErrorAction)
            return await parsed.InvokeAsync(configuration, cancellation);
        await configuration.Error.WriteLineAsync($"millrace: {Words(parsed)}");
        return Acting.Usage;
    }

    // One line, and where to find the rest.
    private static string Words(ParseResult parsed)
    {
        var command = parsed.CommandResult;
        var path = string.Join(' ', Path(command).Reverse().Prepend("millrace"));
        var errors = parsed.Errors.Select(error => InWords(string.Join(' ', error.Message.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)))).Distinct(StringComparer.Ordinal).ToList();
        var isIncomplete = command.Command.Action is null && parsed.UnmatchedTokens.Count == 0;
        return isIncomplete
            ? $"'{path}' needs a command: {string.Join(", ", command.Command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}. See: {path} --help"
            : $"{string.Join(" ", errors)} See: {path} --help";
    }

    // What the library says of a value names a type of .NET.
    private static string InWords(string error) => Unread().Replace(error, match => $"{match.Groups["name"].Value} is {Kind(match.Groups["type"].Value)}, not '{match.Groups["value"].Value}'.");

    private static string Kind(string type) => type switch
    {
        "System.Int32" or "System.Int64" or "System.UInt64" => "a whole number",
        "System.Double" => "a number",
        "System.Boolean" => "true or false",
        _ => "something else",
    };

    [GeneratedRegex(@"^Cannot parse argument '(?<value>.*)' for (option|command|argument) '(?<name>[^']*)' as expected type '(System\.Nullable`1\[)?(?<type>[\w.]+)\]?'\.$", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Unread();

    private static IEnumerable<string> Path(SymbolResult? result)
    {
        for (; result is CommandResult { Command: not RootCommand } command; result = result.Parent)
            yield return command.Command.Name;
    }
}
