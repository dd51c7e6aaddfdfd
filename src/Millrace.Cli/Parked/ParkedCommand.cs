using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;

namespace Millrace.Cli.Parked;

/// <summary><c>millrace parked list|retry|dismiss|restore</c>: orders that wait for a person, in the groups of the console's Attention page.</summary>
internal static class ParkedCommand
{
    // The server's own limit on a page.
    private const string FirstPage = "/v1/orders?attention=true&limit=200";

    public static Command Create() => new("parked", "Orders that wait for a person") { List(), ParkedRetry.Create(), Dismiss(), Restore() };

    /// <param name="code">A group; null for all.</param>
    public static ApiRequest ListRequest(string? code) => ApiRequest.Get(code is null ? FirstPage : $"{FirstPage}&attention_code={Uri.EscapeDataString(code)}");

    /// <summary>Oldest first, which is the order they are retried in.</summary>
    /// <returns>At most as many as are wanted, of the newest, and whether there are more.</returns>
    public static async Task<(List<JsonElement> Orders, bool HasMore)> ReadAsync(MillraceClient client, ApiRequest request, int most, CancellationToken cancellation)
    {
        var (rows, hasMore) = await PagedList.ReadAsync(client, request, "cursor", most, cancellation);
        rows.Reverse();
        return (rows, hasMore);
    }

    private static string CodeOf(JsonElement order) => order.Find("attention")?.Text("code") ?? "";

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "Most orders to look at, the newest of them", DefaultValueFactory = _ => 10_000 };
        var each = new Option<bool>("--orders") { Description = "Each order instead of the groups" };
        var dismissed = new Option<bool>("--dismissed") { Description = "Those that are dismissed instead" };
        return Reading.Create("list", "Show the groups: how many, since when, and why", [limit, each, dismissed],
            arguments => arguments.GetValue(limit) < 1 ? throw new UsageException($"{limit.Name} is at least 1.")
                : arguments.GetValue(dismissed) ? ApiRequest.Get(FirstPage + "&dismissed=true") : ListRequest(null),
            async (client, request, arguments, cancellation) =>
            {
                var (orders, hasMore) = await ReadAsync(client, request, arguments.GetValue(limit), cancellation);
                if (hasMore)
                    await arguments.InvocationConfiguration.Error.WriteLineAsync($"There are more than the {orders.Count} that were looked at: raise {limit.Name}.");
                return arguments.GetValue(each)
                    ? new Shown.Many(orders, "id", "attention.code", "attention.at", "attention.detail", "status", "placed_at")
                    : new Shown.Many(GroupsOf(orders), "code", "orders#", "first", "last", "sample", "detail");
            });
    }

    private static Command Dismiss()
    {
        var id = ReadOrders.OrderArgument();
        var reason = new Option<string>("--reason") { Description = "Why nobody needs to be asked", Required = true };
        return Mutation.Setting("dismiss", "Put a parked order out of sight, until something happens to it; it stays parked", [id, reason],
            arguments => OfDismissal(HttpMethod.Put, arguments.GetValue(id)!, JsonBody.Of(w => w.WriteString("reason", arguments.GetValue(reason)))) with { Objection = Objections.ToResume });
    }

    private static Command Restore()
    {
        var id = ReadOrders.OrderArgument();
        return Mutation.Setting("restore", "Bring a dismissed order back into sight", [id], arguments => OfDismissal(HttpMethod.Delete, arguments.GetValue(id)!, null));
    }

    private static Change OfDismissal(HttpMethod method, string id, byte[]? body) =>
        new(new ApiRequest(method, ReadOrders.OrderPath(id) + "/dismissal", body), Scopes.OpsWrite) { Subjects = [new ChangeSubject(ReadOrders.OrderPath(id))] };

    private static List<JsonElement> GroupsOf(IEnumerable<JsonElement> orders) =>
    [
        .. orders.GroupBy(CodeOf, StringComparer.Ordinal).OrderByDescending(group => group.Count()).ThenBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => JsonSerializer.SerializeToElement(new
            {
                code = group.Key,
                orders = group.Count(),
                first = group.Min(order => order.Find("attention")?.Text("at")),
                last = group.Max(order => order.Find("attention")?.Text("at")),
                sample = group.First().Text("id"),
                detail = group.First().Find("attention")?.Text("detail"),
            })),
    ];
}
