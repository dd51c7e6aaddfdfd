using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Simulation.Seeds;

namespace Millrace.Cli.Simulate;

/// <summary><c>millrace simulate</c>: the production engine in worlds where everything goes wrong, one world a seed.</summary>
internal static class SimulateCommand
{
    private const int MaxFailures = 5;

    public static Command Create()
    {
        var seeds = new Option<long>("--seeds") { Description = "How many seeds.", DefaultValueFactory = _ => 1_000 };
        var from = new Option<ulong>("--from") { Description = "The first seed.", DefaultValueFactory = _ => 1 };
        var orders = new Option<int>("--orders") { Description = "Orders a seed.", DefaultValueFactory = _ => 200 };
        var threads = new Option<int>("--threads") { Description = "Threads; a seed runs on one.", DefaultValueFactory = _ => Environment.ProcessorCount };
        var trace = new Option<bool>("--trace") { Description = "Show the last happenings of each failing seed, or of the only seed." };
        var json = new JsonResult();
        var command = new Command("simulate", "Run seeds of the deterministic simulator; exit status 1 on any violation.")
        {
            seeds, from, orders, threads, trace,
        };
        json.AddTo(command);
        command.SetGuardedAction(async (parsed, cancellation) =>
        {
            var (first, count, settings) = (parsed.GetValue(from), parsed.GetValue(seeds), new SeedSettings(parsed.GetValue(orders)));
            if (count < 1 || settings.Orders < 1 || parsed.GetValue(threads) < 1)
                throw new UsageException("--seeds, --orders and --threads are 1 or more.");
            var run = await RunAsync(first, count, settings, parsed.GetValue(threads), cancellation);
            foreach (var failure in run.Failures.Values)
                Explain(failure, settings, parsed.GetValue(trace));
            if (parsed.GetValue(trace) && count == 1 && run.Failures.Count == 0)
                Print(SeedResult.Run(first, settings with { TraceLimit = 200 }).Trace);
            var perSecond = run.Seeds / run.Elapsed.TotalSeconds;
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{run.Seeds:N0} seeds from {first} in {run.Elapsed.TotalSeconds:F1} s ({perSecond:F0} a second on {parsed.GetValue(threads)} threads), {run.Orders:N0} orders: {run.Violations} violations"));
            await json.WriteAsync(parsed, new JsonObject
            {
                ["scenario"] = "simulate",
                ["seeds"] = run.Seeds,
                ["from"] = first,
                ["seeds_per_s"] = Math.Round(perSecond, 1),
                ["threads"] = parsed.GetValue(threads),
                ["orders"] = run.Orders,
                ["violations"] = run.Violations,
            });
            if (run.Violations == 0)
                cancellation.ThrowIfCancellationRequested();
            return run.Violations == 0 && run.Seeds == count ? Acting.Done : Acting.Failed;
        });
        return command;
    }

    private static async Task<SimulationRun> RunAsync(ulong first, long count, SeedSettings settings, int threads, CancellationToken cancellation)
    {
        var done = 0L;
        SimulationRun run = null!;
        await Progressing.RunAsync("seeds", count, () => Volatile.Read(ref done), () => Task.Run(
            () => run = SimulationRun.Run(first, count, settings, threads, MaxFailures, r => Volatile.Write(ref done, r.Seeds), cancellation), CancellationToken.None));
        return run;
    }

    private static void Explain(SeedResult failure, SeedSettings settings, bool withTrace)
    {
        Console.Out.WriteLine($"seed {failure.Seed} fails with {failure.Plan}");
        Console.Out.WriteLine(failure.Text);
        if (!withTrace)
        {
            Console.Out.WriteLine($"to see it happen: millrace simulate --seeds 1 --from {failure.Seed} --orders {settings.Orders} --trace\n");
            return;
        }

        var (smallest, result) = Shrinker.Shrink(failure, settings);
        Console.Out.WriteLine($"still fails with {smallest.Orders} orders and {result.Plan}:");
        Print(result.Trace);
        Console.Out.WriteLine(result.Text);
    }

    private static void Print(IEnumerable<string> lines)
    {
        foreach (var line in lines)
            Console.Out.WriteLine(line);
    }
}
