using System.CommandLine;

namespace Millrace.Cli.Orders;

/// <summary><c>millrace events tail</c>: of one order, as the API has no feed over all of them.</summary>
internal static class EventsCommand
{
    public static Command Create() => new("events", "Follow what happens") { WatchOrder.Tail() };
}
