using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Parked;

/// <summary><c>millrace parked list|retry</c>: orders that wait for a person, in the groups of the console's Attention page.</summary>
internal static class ParkedCommand
{
    // The server's own limit on a page.
    private const string FirstPage = "/v1/orders?attention=true&limit=200";

    public static Command Create() => new("parked", "Orders that wait for a person") { List(), ParkedRetry.Create() };

    public static ApiRequest ListRequest { get; } = ApiRequest.Get(FirstPage);

    /// <summary>Oldest first, which is the order they are retried in.</summary>
    /// <returns>At most as many as are wanted, of the newest, and whether there are more.</returns>
    public static async Task<(List<JsonElement> Orders, bool HasMore)> ReadAsync(MillraceClient client, int most, CancellationToken cancellation)
    {
        var (rows, hasMore) = await PagedList.ReadAsync(client, ListRequest, "cursor", most, cancellation);
        rows.Reverse();
        return (rows, hasMore);
    }

    /// <summary>An order's group.</summary>
    public static string CodeOf(JsonElement order) => order.Find("attention")?.Text("code") ?? "";

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "Most orders to look at, the newest of them", DefaultValueFactory = _ => 10_000 };
        var each = new Option<bool>("--orders") { Description = "Each order instead of the groups" };
        return Reading.Create("list", "Show the groups: how many, since when, and why", [limit, each],
            arguments => arguments.GetValue(limit) < 1 ? throw new UsageException($"{limit.Name} is at least 1.") : ListRequest,
            async (client, _, arguments, cancellation) =>
            {
                var (orders, hasMore) = await ReadAsync(client, arguments.GetValue(limit), cancellation);
                if (hasMore)
                    await arguments.InvocationConfiguration.Error.WriteLineAsync($"There are more than the {orders.Count} that were looked at: raise {limit.Name}.");
                return arguments.GetValue(each)
                    ? new Shown.Many(orders, "id", "attention.code", "attention.at", "attention.detail", "status", "placed_at")
                    : new Shown.Many(GroupsOf(orders), "code", "orders#", "first", "last", "sample", "detail");
            });
    }

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
