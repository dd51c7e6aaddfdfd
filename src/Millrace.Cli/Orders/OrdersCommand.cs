using System.CommandLine;

namespace Millrace.Cli.Orders;

/// <summary><c>millrace orders …</c>: orders of a running server, over its public API.</summary>
public static class OrdersCommand
{
    public static Command Create()
    {
        var command = new Command("orders", "Read and change orders of a running server");
        command.Subcommands.Add(ReadOrders.Get());
        command.Subcommands.Add(ReadOrders.List());
        command.Subcommands.Add(WatchOrder.Create());
        command.Subcommands.Add(ReadOrders.Events());
        command.Subcommands.Add(PlaceOrder.Create());
        foreach (var change in ChangeOrder.All())
            command.Subcommands.Add(change);
        return command;
    }
}
