using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Torture;

/// <summary><c>millrace torture</c>: real processes, killed.</summary>
internal static class TortureCommand
{
    public static Command Create() => new("torture", "Kill real servers under real load, and compare what everybody knows afterwards") { Node() };

    private static Command Node()
    {
        var json = new JsonResult();
        var kills = new Option<int>("--kills") { Description = "How often the server is killed", DefaultValueFactory = _ => 10 };
        var seconds = new Option<int>("--seconds") { Description = "Over how long the kills are spread, without the restarts", DefaultValueFactory = _ => 20 };
        var clients = new Option<int>("--clients") { Description = "Shoppers at the same time", DefaultValueFactory = _ => 8 };
        var seed = new Option<int?>("--seed") { Description = "Of the random instants [default: another each time]" };
        var data = new Option<string?>("--data") { Description = "Empty folder, kept [default: a temporary one]" };
        var command = new Command("node", "One server with SQLite and the PSP simulator; exit status 1 on any violation") { kills, seconds, clients, seed, data };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            if (arguments.GetValue(kills) < 1 || arguments.GetValue(seconds) < 1 || arguments.GetValue(clients) < 1)
                throw new UsageException("--kills, --seconds and --clients are 1 or more.");
            var isKept = true;
            var folder = arguments.GetValue(data) is { } given ? Directory.CreateDirectory(given) : Directory.CreateTempSubdirectory("millrace-torture-");
            try
            {
                using var torture = new NodeTorture(
                    arguments.GetValue(kills), TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(clients),
                    arguments.GetValue(seed) ?? Random.Shared.Next(1_000_000), folder.FullName);
                var result = await torture.RunAsync(cancellation);
                Console.Out.WriteLine(
                    $"{result["kills"]} kills and {result["pauses"]} pauses: {result["acknowledged"]} orders acknowledged, {result["confirmed"]} confirmed, {result["rejected"]} rejected, "
                    + $"{result["lost"]} lost, {result["double_charges"]} double charges, {result["oversold"]} oversold, {result["violations"]} violations; ready after {result["ready_p50_ms"]} ms, p99 {result["ready_p99_ms"]} ms");
                await json.WriteAsync(arguments, result);
                isKept = (long)result["violations"]! > 0 || arguments.GetValue(data) is not null;
                return (long)result["violations"]! == 0 ? Acting.Done : Acting.Failed;
            }
            finally
            {
                // Whatever went wrong, the store, the provider's record and the clients' are the evidence.
                if (isKept)
                    await Console.Error.WriteLineAsync($"millrace: everything is kept in {folder.FullName}");
                else
                    folder.Delete(recursive: true);
            }
        });
        return command;
    }
}
