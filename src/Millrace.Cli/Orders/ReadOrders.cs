using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>orders get</c>, <c>list</c> and <c>events</c>.</summary>
internal static class ReadOrders
{
    // The server's own limit on a page.
    private const int MaxPage = 200;

    /// <summary>The filters that jobs have too, as the API names them.</summary>
    public static readonly string[] Filters = ["status", "customer", "external_id", "sku", "created_after", "attention", "attention_code"];

    public static Command Get()
    {
        var id = OrderArgument();
        return Reading.One("get", "Show an order", [id], arguments => ApiRequest.Get(OrderPath(arguments.GetValue(id)!)));
    }

    public static Command Events()
    {
        var id = OrderArgument();
        return Reading.Rows("events", "Show what happened to an order", [id], arguments => ApiRequest.Get(EventsPath(arguments.GetValue(id)!)), EventColumns);
    }

    public static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "Most orders to show", DefaultValueFactory = _ => 50 };
        var key = new Option<string?>("--placed-with") { Description = "Only the order that was placed with this idempotency key" };
        var filters = FilterOptions();
        return Reading.Create("list", "List orders, newest first", [limit, .. filters, key],
            arguments =>
            {
                var most = arguments.GetValue(limit);
                if (most < 1)
                    throw new UsageException($"{limit.Name} is at least 1.");
                return ApiRequest.Get($"/v1/orders?limit={Math.Min(most, MaxPage)}" + string.Concat(
                    Filters.Zip(filters).Append(("idempotency_key", key)).Select(each => arguments.GetValue(each.Item2) is { } value ? $"&{each.Item1}={Uri.EscapeDataString(value)}" : "")));
            },
            async (client, request, arguments, cancellation) => new Shown.Many(
                (await PagedList.ReadAsync(client, request, "cursor", arguments.GetValue(limit), cancellation)).Rows, OrderColumns));
    }

    /// <summary>An option for each of <see cref="Filters"/>.</summary>
    public static Option<string?>[] FilterOptions() =>
        [.. Filters.Select(name => new Option<string?>("--" + name.Replace('_', '-')) { Description = $"Only orders with this {name}" })];

    public static string[] OrderColumns { get; } = ["id", "external_id", "status", "payment_status", "total#", "currency", "placed_at"];

    public static string[] EventColumns { get; } = ["version#", "type", "at", "actor", "data"];

    public static string OrderPath(string id) => "/v1/orders/" + Uri.EscapeDataString(id);

    public static string EventsPath(string id) => OrderPath(id) + "/events";

    public static Argument<string> OrderArgument() => new("id") { Description = "ord_…" };
}
