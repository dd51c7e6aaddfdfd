using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>orders watch</c> and <c>events tail</c>: an order until it is at an end.</summary>
internal static class WatchOrder
{
    public static Command Create()
    {
        var id = ReadOrders.OrderArgument();
        var until = new Option<string?>("--until") { Description = "Also end at this status, such as confirmed; an end without it is exit code 1" };
        until.AcceptOnlyFromAmong("pending", "confirmed", "completed", "rejected", "expired", "canceled");
        return Following("watch", "Show an order each time it changes, until it is completed, rejected, expired or canceled", [id, until],
            arguments => ApiRequest.Get(ReadOrders.OrderPath(arguments.GetValue(id)!)),
            async (client, request, arguments, cancellation) =>
            {
                var order = (await client.SendAsync(request, cancellation)).Body;
                return (new Shown.One(order), EndOf(order, arguments.GetValue(until)));
            });
    }

    public static Command Tail()
    {
        var id = new Argument<string?>("id") { Description = "ord_…; none for all orders", Arity = ArgumentArity.ZeroOrOne };
        var (all, watching) = (new TailEvents(), new Watching());
        var command = Reading.Create("tail", "Show what happened to an order, and what happens, until it is at an end; or what happens to all orders", [id, .. all.Options],
            arguments => arguments.GetValue(id) is not { } order ? all.Request(arguments)
                : all.HasOptions(arguments) ? throw new UsageException("--from, --type and --limit are for the events of all orders.") : ApiRequest.Get(ReadOrders.EventsPath(order)),
            (client, request, arguments, output, cancellation) => arguments.GetValue(id) is { } order
                ? watching.FollowAsync(arguments, output, token => TailAsync(client, request, order, token), cancellation)
                : all.RunAsync(client, request, arguments, output, watching.Every(arguments), cancellation));
        watching.AddEveryTo(command);
        return command;
    }

    private static async Task<(Shown, int?)> TailAsync(MillraceClient client, ApiRequest request, string id, CancellationToken cancellation)
    {
        // The order first: events that come after are of the next reading, or there are none.
        var order = (await client.GetAsync(ReadOrders.OrderPath(id), cancellation)).Body;
        var events = (await client.SendAsync(request, cancellation)).Body.Rows();
        return (new Shown.Many(events, ReadOrders.EventColumns), EndOf(order, null));
    }

    private static int? EndOf(JsonElement order, string? until)
    {
        if (until is not null && order.Text("status") == until)
            return Acting.Done;
        return Objections.IsEnded(order) ? until is null ? Acting.Done : Acting.Failed : null;
    }

    private static Command Following(
        string name, string description, Symbol[] symbols, Func<ParseResult, ApiRequest> ask,
        Func<MillraceClient, ApiRequest, ParseResult, CancellationToken, Task<(Shown, int?)>> read)
    {
        var watching = new Watching();
        var command = Reading.Create(name, description, symbols, ask, (client, request, arguments, output, cancellation) =>
            watching.FollowAsync(arguments, output, token => read(client, request, arguments, token), cancellation));
        watching.AddEveryTo(command);
        return command;
    }
}
