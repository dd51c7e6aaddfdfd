using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary>Changes of one order: cancel, hold, release, ship, deliver, refund, retry.</summary>
internal static class ChangeOrder
{
    public static IEnumerable<Command> All() => [Cancel(), Hold(), Release(), Ship(), Deliver(), Refund(), Retry()];

    /// <summary>What lets a parked order go on.</summary>
    public static Change Resuming(string id, string? reason) => new(
        ApiRequest.Post($"{ReadOrders.OrderPath(id)}/resume", JsonBody.Of(w => w.WriteIfGiven("reason", reason))), Scopes.OpsWrite)
    {
        Subjects = [new ChangeSubject(ReadOrders.OrderPath(id))], Objection = Objections.ToResume,
    };

    private static Command Cancel()
    {
        var reason = Words("--reason", "Why");
        return Create("cancel", "Cancel an order that is not shipped", [reason], "cancel",
            (arguments, w) => w.WriteIfGiven("reason", arguments.GetValue(reason)), (_, order) => Objections.ToCancel(order));
    }

    private static Command Hold()
    {
        var kind = new Option<string>("--kind") { Description = "What it waits for, such as fraud_review", DefaultValueFactory = _ => "manual" };
        var reason = Words("--reason", "Why");
        var expires = TimeOption.Create("--expires", "When the hold runs out, and with it an order that is still pending (UTC, ISO 8601)");
        return Create("hold", "Hold an order back", [kind, reason, expires], "holds", (arguments, w) =>
        {
            w.WriteString("kind", arguments.GetValue(kind));
            w.WriteIfGiven("reason", arguments.GetValue(reason));
            if (arguments.GetValue(expires) is { } time)
                w.WriteString("expires_at", time.ToUniversalTime());
        }, (_, order) => Objections.ToHold(order));
    }

    private static Command Release()
    {
        var id = ReadOrders.OrderArgument();
        var hold = new Argument<string>("hold") { Description = "The hold's id, as the order shows it" };
        return Mutation.Create("release", "Release a hold", [id, hold], arguments =>
        {
            var (order, name) = (ReadOrders.OrderPath(arguments.GetValue(id)!), arguments.GetValue(hold)!);
            return new Change(ApiRequest.Post($"{order}/holds/{Uri.EscapeDataString(name)}/release", JsonBody.Of(static _ => { })), Scopes.OrdersWrite)
            {
                Subjects = [new ChangeSubject(order)], Objection = shown => Objections.ToRelease(shown, name), ObjectionExit = Acting.NotFound,
            };
        });
    }

    private static Command Ship()
    {
        var carrier = Words("--carrier", "Who carries it");
        var tracking = Words("--tracking", "The parcel's number");
        return Create("ship", "Say that an order is shipped", [carrier, tracking], "ship", (arguments, w) =>
        {
            w.WriteIfGiven("carrier", arguments.GetValue(carrier));
            w.WriteIfGiven("tracking", arguments.GetValue(tracking));
        }, (arguments, order) => Objections.ToShip(order, arguments.GetValue(carrier), arguments.GetValue(tracking)));
    }

    private static Command Deliver() =>
        Create("deliver", "Say that an order is delivered", [], "deliver", static (_, _) => { }, (_, order) => Objections.ToDeliver(order));

    private static Command Refund()
    {
        var amount = new Option<long?>("--amount") { Description = "Minor units [default: all that is left]" };
        var reason = Words("--reason", "Why");
        return Create("refund", "Give captured money back", [amount, reason], "refunds", (arguments, w) =>
        {
            w.WriteIfGiven("amount", arguments.GetValue(amount));
            w.WriteIfGiven("reason", arguments.GetValue(reason));
        }, (arguments, order) => Objections.ToRefund(order, arguments.GetValue(amount)), Scopes.OrdersRefund);
    }

    private static Command Retry()
    {
        var id = ReadOrders.OrderArgument();
        var reason = Words("--reason", "Why it may go on");
        var command = Mutation.Create("retry", "Let a parked order go on", [id, reason], arguments => Resuming(arguments.GetValue(id)!, arguments.GetValue(reason)));
        // As the API calls it.
        command.Aliases.Add("resume");
        return command;
    }

    private static Option<string?> Words(string name, string description) => new(name) { Description = description };

    private static Command Create(
        string name, string description, Option[] options, string path, Action<ParseResult, Utf8JsonWriter> write,
        Func<ParseResult, JsonElement, string?> objection, Scopes needs = Scopes.OrdersWrite)
    {
        var id = ReadOrders.OrderArgument();
        return Mutation.Create(name, description, [id, .. options], arguments =>
        {
            var order = ReadOrders.OrderPath(arguments.GetValue(id)!);
            return new Change(ApiRequest.Post($"{order}/{path}", JsonBody.Of(w => write(arguments, w))), needs)
            {
                Subjects = [new ChangeSubject(order)], Objection = shown => objection(arguments, shown),
            };
        });
    }
}
