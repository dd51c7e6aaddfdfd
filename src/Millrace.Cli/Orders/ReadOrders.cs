using System.CommandLine;
using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>orders get</c>, <c>list</c> and <c>events</c>.</summary>
internal static class ReadOrders
{
    // The server's own limit on a page.
    private const int MaxPage = 200;
    private static readonly string[] Filters = ["status", "customer", "external_id", "sku", "created_after", "attention"];

    public static Command Get()
    {
        var id = OrderArgument();
        return Reading("get", "Show an order", [id], async (client, arguments, output, cancellation) =>
        {
            var answer = await client.GetAsync(OrderPath(arguments.GetValue(id)!), cancellation);
            output.WriteOne(arguments, answer.Body);
        });
    }

    public static Command Events()
    {
        var id = OrderArgument();
        return Reading("events", "Show what happened to an order", [id], async (client, arguments, output, cancellation) =>
        {
            var answer = await client.GetAsync(OrderPath(arguments.GetValue(id)!) + "/events", cancellation);
            output.WriteMany(arguments, [.. Rows(answer.Body)], "version#", "type", "at", "actor", "data");
        });
    }

    public static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "Most orders to show", DefaultValueFactory = _ => 50 };
        var filters = Filters.Select(name => new Option<string?>("--" + name.Replace('_', '-')) { Description = $"Only orders with this {name}" }).ToArray();
        return Reading("list", "List orders, newest first", [limit, .. filters], async (client, arguments, output, cancellation) =>
        {
            var query = string.Concat(Filters.Zip(filters, (name, option) =>
                arguments.GetValue(option) is { } value ? $"&{name}={Uri.EscapeDataString(value)}" : ""));
            var rows = await ListAsync(client, query, arguments.GetValue(limit), cancellation);
            output.WriteMany(arguments, rows, "id", "external_id", "status", "payment_status", "total#", "currency", "placed_at");
        });
    }

    public static string OrderPath(string id) => "/v1/orders/" + Uri.EscapeDataString(id);

    public static Argument<string> OrderArgument() => new("id") { Description = "ord_…" };

    private static async Task<List<JsonElement>> ListAsync(MillraceClient client, string query, int limit, CancellationToken cancellation)
    {
        var rows = new List<JsonElement>();
        string? cursor = null;
        do
        {
            var page = Math.Min(limit - rows.Count, MaxPage);
            var after = cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor);
            var answer = await client.GetAsync($"/v1/orders?limit={page}{query}{after}", cancellation);
            rows.AddRange(Rows(answer.Body));
            cursor = answer.Body.Text("next_cursor");
        }
        while (cursor is not null && rows.Count < limit);
        return rows;
    }

    private static IEnumerable<JsonElement> Rows(JsonElement body) =>
        body.Find("data") is { ValueKind: JsonValueKind.Array } data ? data.EnumerateArray() : [];

    private static Command Reading(
        string name, string description, Symbol[] symbols, Func<MillraceClient, ParseResult, Output, CancellationToken, Task> read)
    {
        var (connection, output) = (new Connection(), new Output());
        var command = new Command(name, description);
        command.AddSymbols(symbols);
        connection.AddTo(command);
        output.AddTo(command);
        command.SetGuardedAction(async (arguments, cancellation) =>
        {
            using var client = connection.Open(arguments);
            await read(client, arguments, output, cancellation);
            return Acting.Done;
        });
        return command;
    }
}
