using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Bench;

/// <summary><c>millrace bench telemetry</c>.</summary>
internal static class TelemetryCommand
{
    public static Command Create()
    {
        var json = new JsonResult();
        var seconds = new Option<int>("--seconds") { Description = "Of load, with and without in turns", DefaultValueFactory = _ => 600 };
        var command = new Command("telemetry", "What metrics cost an order") { seconds };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            if (arguments.GetValue(seconds) < 5)
                throw new UsageException("--seconds is at least 5.");
            var settings = new PlaceSettings("sqlite", TimeSpan.FromSeconds(arguments.GetValue(seconds)), 256, null, false, null, false, null);
            BenchCommand.Check(settings);
            await using var server = await BenchServer.StartAsync(settings, cancellation);
            var result = await new TelemetryBench(settings, server).RunAsync(cancellation);
            Console.Error.WriteLine($"bench: {result["overhead"]!.GetValue<double>():P1} of the processor time of an order, ± {result["standard_error"]!.GetValue<double>():P1}");
            await json.WriteAsync(arguments, result);
            return Acting.Done;
        });
        return command;
    }
}
