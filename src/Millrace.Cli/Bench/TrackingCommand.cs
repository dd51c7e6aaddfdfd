using System.CommandLine;
using Millrace.Cli.Children;
using Millrace.Cli.Client;

namespace Millrace.Cli.Bench;

/// <summary><c>millrace bench tracking</c>.</summary>
internal static class TrackingCommand
{
    public static Command Create()
    {
        var json = new JsonResult();
        var orders = new Option<int>("--orders") { Description = "That are tracked", DefaultValueFactory = _ => 100 };
        var viewers = new Option<int>("--viewers") { Description = "Of each", DefaultValueFactory = _ => 1_000 };
        var connections = new Option<int>("--connections") { Description = "At a time", DefaultValueFactory = _ => 64 };
        var command = new Command("tracking", "A storm on tracking links, through Varnish") { orders, viewers, connections };
        json.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            var settings = new TrackingSettings(arguments.GetValue(orders), arguments.GetValue(viewers), arguments.GetValue(connections));
            if (settings.Orders is < 1 or > 10_000 || settings.Viewers < 1 || settings.Connections is < 1 or > 1_000)
                throw new UsageException("--orders is 1 to 10,000, --connections 1 to 1,000, --viewers above zero.");
            if (VarnishServer.Missing() is { } missing)
                throw new InvalidOperationException(missing);
            await using var bench = await TrackingBench.StartAsync(settings, cancellation);
            var result = await bench.RunAsync(cancellation);
            await json.WriteAsync(arguments, result);
            return (long)result["failed"]! == 0 ? Acting.Done : Acting.Failed;
        });
        return command;
    }
}
