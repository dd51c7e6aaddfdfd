using System.CommandLine;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>millrace items list|put|get</c>: what is sold.</summary>
public static class ItemsCommand
{
    public static Command Create()
    {
        var command = new Command("items", "Read and define catalog items");
        command.Subcommands.Add(List());
        command.Subcommands.Add(Put());
        command.Subcommands.Add(Get());
        return command;
    }

    private const int MaxPage = 200;

    internal static string ItemPath(string sku) => "/v1/items/" + Uri.EscapeDataString(sku);

    /// <summary>An item that a request of another thing names.</summary>
    internal static ChangeSubject Named(string sku) => new(ItemPath(sku), $"there is no item '{sku}'.");

    internal static byte[] Render(string name, long price, string currency, long? backorder) => JsonBody.Of(w =>
    {
        w.WriteString("name", name);
        w.WriteNumber("price", price);
        w.WriteString("currency", currency);
        w.WriteIfGiven("backorder_limit", backorder);
    });

    private static Command List()
    {
        var prefix = new Option<string?>("--prefix") { Description = "Only items whose SKU begins with it" };
        var limit = new Option<int>("--limit") { Description = "Most items to show", DefaultValueFactory = _ => 50 };
        return Reading.Create("list", "List items with what can be sold of them, by SKU", [prefix, limit],
            arguments =>
            {
                var most = arguments.GetValue(limit);
                if (most < 1)
                    throw new UsageException($"{limit.Name} is at least 1.");
                return ApiRequest.Get($"/v1/items?limit={Math.Min(most, MaxPage)}" + (arguments.GetValue(prefix) is { } begin ? "&prefix=" + Uri.EscapeDataString(begin) : ""));
            },
            async (client, request, arguments, cancellation) => new Shown.Many(
                (await PagedList.ReadAsync(client, request, "cursor", arguments.GetValue(limit), cancellation)).Rows,
                ["sku", "name", "price#", "currency", "available#", "backorder_limit#", "stock"]));
    }

    private static Command Put()
    {
        var sku = new Argument<string>("sku");
        var name = new Option<string?>("--name") { Description = "What it is called [default: the SKU]" };
        var price = new Option<long>("--price") { Description = "Minor units", Required = true };
        var currency = new Option<string>("--currency") { Description = "ISO 4217", DefaultValueFactory = _ => "EUR" };
        var backorder = new Option<long?>("--backorder-limit") { Description = "Units that may be sold beyond what is there" };
        return Mutation.Setting("put", "Define an item", [sku, name, price, currency, backorder], arguments =>
        {
            var code = arguments.GetValue(sku)!;
            return new Change(new ApiRequest(HttpMethod.Put, ItemPath(code), Render(
                arguments.GetValue(name) ?? code, arguments.GetValue(price), arguments.GetValue(currency)!, arguments.GetValue(backorder))), Scopes.StockWrite);
        });
    }

    private static Command Get()
    {
        var sku = new Argument<string>("sku");
        return Reading.One("get", "Show an item and its stock", [sku], arguments => ApiRequest.Get(ItemPath(arguments.GetValue(sku)!)));
    }
}
