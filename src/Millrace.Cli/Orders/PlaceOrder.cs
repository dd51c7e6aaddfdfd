using System.CommandLine;
using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary><c>orders place</c>: from options, or a whole JSON body from a file or standard input.</summary>
internal static class PlaceOrder
{
    public static Command Create()
    {
        var file = new Option<string?>("--file", "-f") { Description = "The order as JSON; - for standard input" };
        var lines = new Option<string[]>("--line") { Description = "SKU:QUANTITY[:PRICE]; give it once for each line" };
        var customer = new Option<string?>("--customer") { Description = "Your id of the buyer" };
        var currency = new Option<string>("--currency") { Description = "ISO 4217", DefaultValueFactory = _ => "EUR" };
        var token = new Option<string>("--token") { Description = "The PSP's token for the means of payment", DefaultValueFactory = _ => "tok_test" };
        var externalId = new Option<string?>("--external-id") { Description = "Your own order number" };
        var wait = new Option<int?>("--wait") { Description = "Seconds to wait for the order to be confirmed, at most 30" };
        return Mutation.Create("place", "Place an order", [file, lines, customer, currency, token, externalId, wait], arguments =>
        {
            var body = arguments.GetValue(file) is { } path
                ? ReadAll(path)
                : Render(arguments.GetValue(lines) ?? [], arguments.GetValue(customer), arguments.GetValue(currency)!,
                    arguments.GetValue(token)!, arguments.GetValue(externalId));
            var prefer = arguments.GetValue(wait) is { } seconds ? $"wait={seconds}" : null;
            return new Change(ApiRequest.Post("/v1/orders", body) with { Prefer = prefer }, Scopes.OrdersWrite)
            {
                Subjects = [.. SkusOf(body).Distinct(StringComparer.Ordinal).Select(ItemsCommand.Named)],
            };
        });
    }

    internal static byte[] Render(string[] lines, string? customer, string currency, string token, string? externalId)
    {
        if (lines.Length == 0 || customer is null)
            throw new UsageException("Give --customer and at least one --line, or --file.");
        var parsed = lines.Select(OrderLineText.Parse).ToArray();
        return JsonBody.Of(w =>
        {
            w.WriteIfGiven("external_id", externalId);
            w.WriteStartObject("customer");
            w.WriteString("id", customer);
            w.WriteEndObject();
            w.WriteString("currency", currency);
            w.WriteStartArray("lines");
            foreach (var line in parsed)
            {
                w.WriteStartObject();
                w.WriteString("sku", line.Sku);
                w.WriteNumber("quantity", line.Quantity);
                w.WriteIfGiven("unit_price", line.UnitPriceMinor);
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteStartObject("payment");
            w.WriteString("token", token);
            w.WriteEndObject();
        });
    }

    // Of a file that may hold anything: what is not an order, the server says better.
    private static IEnumerable<string> SkusOf(byte[] body)
    {
        using var order = JsonBody.Parse(body);
        if (order.RootElement.Find("lines") is not { ValueKind: JsonValueKind.Array } lines)
            yield break;
        foreach (var line in lines.EnumerateArray())
        {
            if (line.Text("sku") is { Length: > 0 } sku)
                yield return sku;
        }
    }

    private static byte[] ReadAll(string path)
    {
        if (path != "-")
            return File.ReadAllBytes(path);
        using var whole = new MemoryStream();
        using var input = Console.OpenStandardInput();
        input.CopyTo(whole);
        return whole.ToArray();
    }
}
