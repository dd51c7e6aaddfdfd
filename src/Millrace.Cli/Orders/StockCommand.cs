using System.CommandLine;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>millrace stock adjust</c>.</summary>
public static class StockCommand
{
    internal const string AdjustmentsPath = "/v1/stock/adjustments";

    public static Command Create()
    {
        var command = new Command("stock", "Change what is on hand");
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
            HttpMethod.Post,
            AdjustmentsPath,
            Render(arguments.GetValue(sku)!, arguments.GetValue(location)!, arguments.GetValue(delta), arguments.GetValue(reason)!)));
    }
}
