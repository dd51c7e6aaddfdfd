using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Reconciliation;

/// <summary><c>millrace reconciliation show|breaks|get|assign|close</c>: whether what orders have booked is what the payment provider did. Needs a key with the scope <c>system:operate</c>.</summary>
internal static class ReconciliationCommand
{
    // The server's own limit on a page.
    private const int MaxPage = 200;
    private const string Root = "/v1/reconciliation";

    public static Command Create() => new("reconciliation", "Compare orders with the payment provider's record")
    {
        Reading.One("show", "Show how far the comparison is, and the money at risk", [], _ => ApiRequest.Get(Root)),
        Breaks(),
        Get(),
        Assign(),
        Close(),
    };

    private static Command Breaks()
    {
        var state = new Option<string>("--state") { Description = "open, closed or all", DefaultValueFactory = _ => "open" };
        state.AcceptOnlyFromAmong("open", "closed", "all");
        var order = new Option<string?>("--order") { Description = "Only those of this order" };
        var limit = new Option<int>("--limit") { Description = "Most breaks to show", DefaultValueFactory = _ => 1_000 };
        return Reading.Create("breaks", "List differences with the payment provider, the last found first", [state, order, limit],
            arguments => arguments.GetValue(limit) is >= 1 and var most
                ? ApiRequest.Get($"{Root}/breaks?state={arguments.GetValue(state)}&limit={Math.Min(most, MaxPage)}" + (arguments.GetValue(order) is { } id ? "&order=" + Uri.EscapeDataString(id) : ""))
                : throw new UsageException($"{limit.Name} is at least 1."),
            async (client, request, arguments, cancellation) =>
            {
                var (rows, hasMore) = await PagedList.ReadAsync(client, request, "cursor", arguments.GetValue(limit), cancellation);
                if (hasMore)
                    await arguments.InvocationConfiguration.Error.WriteLineAsync($"There are more than these {rows.Count}: raise {limit.Name}.");
                return new Shown.Many(rows, "id", "kind", "state", "operation", "order_id", "payment_key", "psp_reference", "theirs.amount#", "ours.amount#", "at_risk.currency", "owner", "opened_at");
            });
    }

    private static Command Get()
    {
        var id = BreakArgument();
        return Reading.One("get", "Show all of a break", [id], arguments => ApiRequest.Get(PathOf(arguments.GetValue(id)!)));
    }

    private static Command Assign()
    {
        var (id, owner) = (BreakArgument(), new Option<string>("--to") { Description = "Who sees to it", Required = true });
        return Mutation.Setting("assign", "Say who sees to a break; one that was closed is open again", [id, owner],
            arguments => Put(arguments.GetValue(id)!, "open", arguments.GetValue(owner), null));
    }

    private static Command Close()
    {
        var id = BreakArgument();
        var reason = new Option<string>("--reason") { Description = "What was done about it", Required = true };
        return Mutation.Setting("close", "Close a break that a person has seen to; no money is moved by it", [id, reason],
            arguments => Put(arguments.GetValue(id)!, "closed", null, arguments.GetValue(reason)));
    }

    private static string PathOf(string id) => $"{Root}/breaks/{Uri.EscapeDataString(id)}";

    private static Argument<string> BreakArgument() => new("break") { Description = "brk_…" };

    private static Change Put(string id, string state, string? owner, string? reason)
    {
        var path = PathOf(id);
        var body = JsonBody.Of(w =>
        {
            w.WriteString("state", state);
            w.WriteIfGiven("owner", owner);
            w.WriteIfGiven("reason", reason);
        });
        return new Change(new ApiRequest(HttpMethod.Put, path, body), Scopes.SystemOperate)
        {
            Subjects = [new ChangeSubject(path)], Objection = shown => Objection(shown, state),
        };
    }

    private static string? Objection(JsonElement shown, string state) => (shown.Text("state"), shown.Text("kind")) switch
    {
        ("settled", _) => "both sides agree since.",
        ("open", "pending") when state == "closed" => "the order still waits to hear of the payment.",
        _ => null,
    };
}
