using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>millrace stock get|demand|adjust</c>. What is shown is named, or is wanted most.</summary>
public static class StockCommand
{
    internal const string AdjustmentsPath = "/v1/stock/adjustments";

    public static Command Create()
    {
        var command = new Command("stock", "Read and change what is on hand");
        command.Subcommands.Add(Get());
        command.Subcommands.Add(Demand());
        command.Subcommands.Add(Adjust());
        return command;
    }

    internal static byte[] Render(string sku, string location, long delta, string reason) => JsonBody.Of(w =>
    {
        w.WriteString("sku", sku);
        w.WriteString("location", location);
        w.WriteNumber("delta", delta);
        w.WriteString("reason", reason);
    });

    private static Command Adjust()
    {
        var sku = new Argument<string>("sku");
        var delta = new Option<long>("--delta") { Description = "Units more, or fewer when negative", Required = true };
        var location = new Option<string>("--location") { Description = "Where", DefaultValueFactory = _ => "main" };
        var reason = new Option<string>("--reason") { Description = "Why", DefaultValueFactory = _ => "manual" };
        return Mutation.Create("adjust", "Add or take units", [sku, delta, location, reason], arguments => new Change(
            ApiRequest.Post(AdjustmentsPath, Render(arguments.GetValue(sku)!, arguments.GetValue(location)!, arguments.GetValue(delta), arguments.GetValue(reason)!)), Scopes.StockWrite)
        {
            Subjects = [ItemsCommand.Named(arguments.GetValue(sku)!)],
        });
    }

    private static Command Get()
    {
        var skus = new Argument<string[]>("sku") { Description = "One or more", Arity = ArgumentArity.OneOrMore };
        return Reading.Create("get", "Show the stock of items by location", [skus],
            arguments => ApiRequest.Get(ItemsCommand.ItemPath(arguments.GetValue(skus)![0])),
            async (client, _, arguments, cancellation) =>
            {
                var rows = new List<JsonElement>();
                foreach (var sku in arguments.GetValue(skus)!)
                    rows.AddRange(LevelsOf((await client.GetAsync(ItemsCommand.ItemPath(sku), cancellation)).Body));
                return new Shown.Many(rows, "sku", "location", "on_hand#", "reserved#", "allocated#", "available#");
            });
    }

    private static Command Demand()
    {
        var limit = new Option<int>("--limit") { Description = "Most items to show, 1 to 200", DefaultValueFactory = _ => 20 };
        return Reading.Create("demand", "Show the items that the orders of the last minutes ask for most, at the asked node", [limit],
            arguments => ApiRequest.Get($"/v1/stock/demand?limit={arguments.GetValue(limit)}"),
            async (client, request, _, cancellation) =>
                new Shown.Many([.. (await client.SendAsync(request, cancellation)).Body.GetProperty("data").EnumerateArray()], "sku", "lines#", "units#", "units_at_most#"));
    }

    // An item without stock has no locations, and is still there.
    private static IEnumerable<JsonElement> LevelsOf(JsonElement item)
    {
        var levels = item.Find("stock") is { ValueKind: JsonValueKind.Array } stock ? stock.EnumerateArray().ToList() : [];
        if (levels.Count == 0)
            levels.Add(JsonSerializer.SerializeToElement(new { available = item.GetProperty("available") }));
        foreach (var level in levels)
        {
            var row = new JsonObject { ["sku"] = item.Text("sku") };
            foreach (var field in level.EnumerateObject())
                row[field.Name] = JsonNode.Parse(field.Value.GetRawText());
            yield return JsonSerializer.SerializeToElement(row);
        }
    }
}
