using System.CommandLine;

namespace Millrace.Cli.Orders;

/// <summary><c>millrace events tail</c>: of one order, or of all.</summary>
internal static class EventsCommand
{
    public static Command Create() => new("events", "Follow what happens") { WatchOrder.Tail() };
}
