using System.CommandLine;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;

namespace Millrace.Cli.Torture;

/// <summary><c>millrace torture</c>: real processes, killed.</summary>
internal static class TortureCommand
{
    public static Command Create() => new("torture", "Kill real servers under real load, and compare what everybody knows afterwards") { Node(), Cluster(), Failover(), Shards() };

    private static Command Node()
    {
        var kills = new Option<int>("--kills") { Description = "How often the server is killed", DefaultValueFactory = _ => 10 };
        var seconds = new Option<int>("--seconds") { Description = "Over how long the kills are spread, without the restarts", DefaultValueFactory = _ => 20 };
        kills.CheckCount();
        seconds.CheckCount();
        var run = new TortureOptions();
        var command = new Command("node", "One server with SQLite and the PSP simulator; exit status 1 on any violation") { kills, seconds };
        run.AddTo(command, async (arguments, folder, clients, seed, cancellation) =>
        {
            using var torture = new NodeTorture(arguments.GetValue(kills), TimeSpan.FromSeconds(arguments.GetValue(seconds)), clients, seed, folder);
            var result = await torture.RunAsync(cancellation);
            Console.Out.WriteLine($"{result["kills"]} kills and {result["pauses"]} pauses: {Outcome(result)}; ready after {result["ready_p50_ms"]} ms, p99 {result["ready_p99_ms"]} ms");
            return result;
        });
        return command;
    }

    private static Command Cluster()
    {
        var faults = new Option<int>("--faults") { Description = "How often a node is killed, restarted, paused or cut off", DefaultValueFactory = _ => 6 };
        var partitions = new Option<int>("--partitions") { Description = "Of the store; each is watched, so few of them leave more of a small machine to the nodes", DefaultValueFactory = _ => TorturedCluster.DefaultPartitions };
        faults.CheckCount();
        partitions.Check(count => count is < 1 or > 4_096 ? $"{partitions.Name} is 1 to 4096." : null);
        var run = new TortureOptions();
        var command = new Command("cluster", "Three servers over a PostgreSQL of their own; exit status 1 on any violation") { faults, partitions };
        run.AddTo(command, async (arguments, folder, clients, seed, cancellation) =>
        {
            var torture = new ClusterTorture(arguments.GetValue(faults), arguments.GetValue(partitions), clients, seed, folder);
            var result = await torture.RunAsync(cancellation);
            Console.Out.WriteLine(
                $"{result["kills"]} kills, {result["pauses"]} pauses, {result["restarts"]} restarts and {result["cut_offs"]} cut-offs: {Outcome(result)}; "
                + $"failover {Ms(result, "failover_p50")}, p99 {Ms(result, "failover_p99")}; beside a node that stands still {Ms(result, "paused_p50")}, p99 {Ms(result, "paused_p99")}; beside one that is cut off {Ms(result, "cut_off_p50")}, p99 {Ms(result, "cut_off_p99")}; hand-over {Ms(result, "hand_over_p50")}, p99 {Ms(result, "hand_over_p99")}");
            return result;
        });
        return command;
    }

    private static Command Failover()
    {
        var failovers = new Option<int>("--failovers") { Description = "How often the primary is killed; now and then its standby is too", DefaultValueFactory = _ => 3 };
        failovers.CheckCount();
        var run = new TortureOptions();
        var command = new Command("failover", "Two servers over three PostgreSQL nodes that Patroni keeps, synchronous and strict; exit status 1 on any violation") { failovers };
        run.AddTo(command, async (arguments, folder, clients, seed, cancellation) =>
        {
            var result = await new FailoverTorture(arguments.GetValue(failovers), clients, seed, folder).RunAsync(cancellation);
            Console.Out.WriteLine(
                $"{result["failovers"]} failovers and {result["standby_kills"]} lost standbys: {Outcome(result)}; served again after {Ms(result, "recovery_p50")}, at most {Ms(result, "recovery_max")}");
            return result;
        });
        return command;
    }

    private static Command Shards()
    {
        var moves = new Option<int>("--moves") { Description = "How often a partition is moved; every third move is killed and run again", DefaultValueFactory = _ => 12 };
        moves.CheckCount();
        var run = new TortureOptions();
        var command = new Command("shards", "Two servers over three databases, partitions moved between these; exit status 1 on any violation") { moves };
        run.AddTo(command, async (arguments, folder, clients, seed, cancellation) =>
        {
            var result = await new ShardsTorture(arguments.GetValue(moves), clients, seed, folder).RunAsync(cancellation);
            Console.Out.WriteLine(
                $"{result["moves"]} moves, {result["kills"]} of them killed: {Outcome(result)}; a partition pauses {Ms(result, "pause_p50")}, p99 {Ms(result, "pause_p99")}, where the move was killed {Ms(result, "interrupted_pause_max")} at most");
            return result;
        });
        return command;
    }

    // A run that met no such fault has no figure of it.
    private static string Ms(JsonObject result, string name) => result[name + "_ms"] is { } figure ? $"{figure} ms" : "none";

    private static string Outcome(JsonObject result) =>
        $"{result["acknowledged"]} orders acknowledged, {result["confirmed"]} confirmed, {result["rejected"]} rejected, "
        + $"{result["lost"]} lost, {result["double_charges"]} double charges, {result["oversold"]} oversold, {result["violations"]} violations";
}
