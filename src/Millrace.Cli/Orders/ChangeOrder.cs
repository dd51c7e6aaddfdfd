using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary>Changes of one order: cancel, hold, release, ship, deliver, refund, resume.</summary>
internal static class ChangeOrder
{
    public static IEnumerable<Command> All() => [Cancel(), Hold(), Release(), Ship(), Deliver(), Refund(), Resume()];

    private static Command Cancel()
    {
        var reason = Words("--reason", "Why");
        return Create("cancel", "Cancel an order that is not shipped", [reason], id => $"{ReadOrders.OrderPath(id)}/cancel",
            (arguments, w) => w.WriteIfGiven("reason", arguments.GetValue(reason)));
    }

    private static Command Hold()
    {
        var kind = new Option<string>("--kind") { Description = "What it waits for, such as fraud_review", DefaultValueFactory = _ => "manual" };
        var reason = Words("--reason", "Why");
        var expires = new Option<DateTimeOffset?>("--expires") { Description = "When the hold runs out (UTC, ISO 8601)" };
        return Create("hold", "Hold an order back", [kind, reason, expires], id => $"{ReadOrders.OrderPath(id)}/holds", (arguments, w) =>
        {
            w.WriteString("kind", arguments.GetValue(kind));
            w.WriteIfGiven("reason", arguments.GetValue(reason));
            if (arguments.GetValue(expires) is { } time)
                w.WriteString("expires_at", time.ToUniversalTime());
        });
    }

    private static Command Release()
    {
        var id = ReadOrders.OrderArgument();
        var hold = new Argument<string>("hold") { Description = "The hold's id, as the order shows it" };
        return Mutation.Create("release", "Release a hold", [id, hold], arguments => new Change(
            HttpMethod.Post,
            $"{ReadOrders.OrderPath(arguments.GetValue(id)!)}/holds/{Uri.EscapeDataString(arguments.GetValue(hold)!)}/release",
            JsonBody.Of(static _ => { })));
    }

    private static Command Ship()
    {
        var carrier = Words("--carrier", "Who carries it");
        var tracking = Words("--tracking", "The parcel's number");
        return Create("ship", "Say that an order is shipped", [carrier, tracking], id => $"{ReadOrders.OrderPath(id)}/ship", (arguments, w) =>
        {
            w.WriteIfGiven("carrier", arguments.GetValue(carrier));
            w.WriteIfGiven("tracking", arguments.GetValue(tracking));
        });
    }

    private static Command Deliver() =>
        Create("deliver", "Say that an order is delivered", [], id => $"{ReadOrders.OrderPath(id)}/deliver", static (_, _) => { });

    private static Command Refund()
    {
        var amount = new Option<long?>("--amount") { Description = "Minor units [default: all that is left]" };
        var reason = Words("--reason", "Why");
        return Create("refund", "Give captured money back", [amount, reason], id => $"{ReadOrders.OrderPath(id)}/refunds", (arguments, w) =>
        {
            w.WriteIfGiven("amount", arguments.GetValue(amount));
            w.WriteIfGiven("reason", arguments.GetValue(reason));
        });
    }

    private static Command Resume()
    {
        var reason = Words("--reason", "Why it may go on");
        return Create("resume", "Let a parked order go on", [reason], id => $"{ReadOrders.OrderPath(id)}/resume",
            (arguments, w) => w.WriteIfGiven("reason", arguments.GetValue(reason)));
    }

    private static Option<string?> Words(string name, string description) => new(name) { Description = description };

    private static Command Create(
        string name, string description, Option[] options, Func<string, string> path, Action<ParseResult, Utf8JsonWriter> write)
    {
        var id = ReadOrders.OrderArgument();
        return Mutation.Create(name, description, [id, .. options], arguments =>
            new Change(HttpMethod.Post, path(arguments.GetValue(id)!), JsonBody.Of(w => write(arguments, w))));
    }
}
