using System.CommandLine;
using Millrace.Cli.Bench.Load;
using Millrace.Cli.Bench.Overload;
using Millrace.Cli.Client;

namespace Millrace.Cli.Bench;

/// <summary><c>millrace bench</c>.</summary>
public static class BenchCommand
{
    public static Command Create()
    {
        var command = new Command("bench", "Measure this machine");
        command.Subcommands.Add(Place());
        command.Subcommands.Add(Restart());
        command.Subcommands.Add(Overload());
        command.Subcommands.Add(Edge());
        command.Subcommands.Add(TrackingCommand.Create());
        command.Subcommands.Add(TelemetryCommand.Create());
        return command;
    }

    private static Command Place()
    {
        var json = new JsonResult();
        var storage = new Option<string>("--storage") { Description = "sqlite, or postgres (a server of its own, started for the run)", DefaultValueFactory = _ => "sqlite" };
        storage.AcceptOnlyFromAmong("sqlite", "postgres");
        var psp = new Option<string>("--psp") { Description = "instant (in-process, 0 ms) or http (the simulator)", DefaultValueFactory = _ => "instant" };
        psp.AcceptOnlyFromAmong("instant", "http");
        var seconds = new Option<int>("--seconds") { Description = "Of the measured window, 20 or more for a figure to quote", DefaultValueFactory = _ => 20 };
        var connections = new Option<int>("--connections") { Description = "At a time", DefaultValueFactory = _ => 256 };
        var partitions = new Option<int?>("--partitions") { Description = "Of the new store [default: the server's]" };
        var hot = new Option<bool>("--hot") { Description = "Every order buys the same SKU" };
        var rate = new Option<int?>("--rate") { Description = "Orders a second in an open loop, instead of wrk" };
        var nodes = new Option<int>("--nodes") { Description = "Over one PostgreSQL, the load divided between them", DefaultValueFactory = _ => 1 };
        var data = new Option<string?>("--data") { Description = "Data folder, kept [default: a temporary one]" };
        var command = new Command("place", "Orders from placed to confirmed, against an endpoint that only parses")
        {
            storage, seconds, connections, partitions, hot, rate, psp, nodes, data,
        };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var settings = new PlaceSettings(
                arguments.GetValue(storage)!, TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(connections),
                arguments.GetValue(partitions), arguments.GetValue(hot), arguments.GetValue(rate), arguments.GetValue(psp) == "http", arguments.GetValue(data), arguments.GetValue(nodes));
            Check(settings);
            await using var server = await BenchServer.StartAsync(settings, cancellation);
            var fileSystem = Machine.FileSystemOf(server.DataDirectory);
            var result = await new PlaceBench(settings, server).RunAsync(cancellation);
            var report = new PlaceReport(settings, result, server.CommandLine, server.Durability, fileSystem);
            report.Print();
            await json.WriteAsync(arguments, report.ToJson());
            return result.Violations == 0 ? Acting.Done : Acting.Failed;
        });
        return command;
    }

    private static Command Restart()
    {
        var json = new JsonResult();
        var orders = new Option<int>("--orders") { Description = "Open ones in the store before the first kill", DefaultValueFactory = _ => 1_000_000 };
        var kills = new Option<int>("--kills") { Description = "Each under load", DefaultValueFactory = _ => 3 };
        var data = new Option<string?>("--data") { Description = "Data folder, kept [default: a temporary one]" };
        var command = new Command("restart", "From kill -9 to serving again, over many open orders") { orders, kills, data };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            if (arguments.GetValue(orders) < 1 || arguments.GetValue(kills) < 1)
                throw new UsageException("--orders and --kills must be above zero.");
            var settings = new PlaceSettings("sqlite", TimeSpan.FromSeconds(1), 256, null, false, null, false, arguments.GetValue(data));
            Check(settings);
            await using var server = await BenchServer.StartAsync(settings, cancellation);
            var result = await new RestartBench(settings, arguments.GetValue(orders), arguments.GetValue(kills), server).RunAsync(cancellation);
            await json.WriteAsync(arguments, result);
            return (int)result["violations"]! == 0 ? Acting.Done : Acting.Failed;
        });
        return command;
    }

    private static Command Edge()
    {
        var json = new JsonResult();
        var seconds = new Option<int>("--seconds") { Description = "Of each run", DefaultValueFactory = _ => 5 };
        var rounds = new Option<int>("--rounds") { Description = "Of two runs each", DefaultValueFactory = _ => 5 };
        var command = new Command("edge", "Key, limits and gate: what they cost a request") { seconds, rounds };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            if (arguments.GetValue(rounds) < 1)
                throw new UsageException("--rounds is above zero.");
            var settings = new PlaceSettings("sqlite", TimeSpan.FromSeconds(arguments.GetValue(seconds)), 64, null, false, null, false, null);
            Check(settings);
            await using var server = await BenchServer.StartAsync(settings, cancellation);
            var result = await new EdgeBench(settings, arguments.GetValue(rounds), server).RunAsync(cancellation);
            Console.Error.WriteLine($"bench: {result["edge_us"]} µs a request");
            await json.WriteAsync(arguments, result);
            return Acting.Done;
        });
        return command;
    }

    private static Command Overload()
    {
        var json = new JsonResult();
        var seconds = new Option<int>("--seconds") { Description = "Of each rate", DefaultValueFactory = _ => 10 };
        var callers = new Option<int>("--callers") { Description = "Connections that place orders", DefaultValueFactory = _ => 4_000 };
        var impatient = new Option<bool>("--impatient") { Description = "Whoever is refused asks again at once, whatever Retry-After says" };
        var plot = new Option<string?>("--plot") { Description = "Where the course goes, as SVG" };
        var command = new Command("overload", "1 to 10 times of what the machine can do, a noisy tenant, and how soon it recovers") { seconds, callers, impatient, plot };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var settings = new OverloadSettings(
                TimeSpan.FromSeconds(arguments.GetValue(seconds)), arguments.GetValue(callers), !arguments.GetValue(impatient), arguments.GetValue(plot));
            if (settings.Step < TimeSpan.FromSeconds(2) || settings.Callers is < OverloadSettings.Tenants or > OverloadSettings.MostCallers)
                throw new UsageException($"--seconds is 2 or more, --callers {OverloadSettings.Tenants} to {OverloadSettings.MostCallers:N0}.");
            await using var server = await BenchServer.StartAsync(
                new PlaceSettings("sqlite", settings.Step, settings.Callers, null, false, null, false, null, Tenants: OverloadSettings.Tenants + 1), cancellation);
            var result = await new OverloadBench(settings, server).RunAsync(cancellation);
            var report = new OverloadReport(settings, result, server.CommandLine, server.Durability);
            report.Print();
            if (settings.Plot is not null)
                await File.WriteAllTextAsync(settings.Plot, OverloadPlot.Render(result), cancellation);
            await json.WriteAsync(arguments, report.ToJson());
            return result.IsGood ? Acting.Done : Acting.Failed;
        });
        return command;
    }

    internal static void Check(PlaceSettings settings)
    {
        if (settings.Duration < TimeSpan.FromSeconds(1) || settings.Connections is < 1 or > 10_000 || settings.Rate is < 1)
            throw new UsageException("--seconds, --connections and --rate must be above zero.");
        if (settings.Nodes is < 1 or > 16 || (settings.Nodes > 1 && (settings.Storage != "postgres" || settings.Rate is not null)))
            throw new UsageException("--nodes is 1 to 16; several share a PostgreSQL, and wrk drives them.");
        if (settings.Rate is null && Wrk.Missing() is { } missing)
            throw new InvalidOperationException(missing);
    }
}
