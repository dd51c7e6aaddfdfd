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
        var id = ReadOrders.OrderArgument();
        return Following("tail", "Show what happened to an order, and what happens, until it is at an end", [id],
            arguments => ApiRequest.Get(ReadOrders.EventsPath(arguments.GetValue(id)!)),
            async (client, request, arguments, cancellation) =>
            {
                // The order first: events that come after are of the next reading, or there are none.
                var order = (await client.GetAsync(ReadOrders.OrderPath(arguments.GetValue(id)!), cancellation)).Body;
                var events = (await client.SendAsync(request, cancellation)).Body.Rows();
                return (new Shown.Many(events, ReadOrders.EventColumns), EndOf(order, null));
            });
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
