using System.Text;
using System.Text.Json;
using Millrace.Api.Edge;
using Millrace.Api.Json;
using Millrace.Api.Orders.Place;
using Millrace.Api.Problems;
using Xunit;

namespace Millrace.Tests.Api;

/// <summary>Bodies as clients send them, and what the parser makes of them.</summary>
internal static class Requests
{
    public const string Full = """
        {"external_id":"PO-1","customer":{"id":"c1","name":"Ada","email":"ada@example.com"},"currency":"EUR",
         "lines":[{"sku":"A","quantity":2,"unit_price":250,"discounts":[{"name":"spring","amount":50}],"tax_lines":[{"name":"VAT","amount":90}]},{"sku":"B/2","quantity":1}],
         "shipping":{"amount":499},"addresses":{"shipping":{"name":"Ada","line1":"1 Mill Race","city":"Leeds","postal_code":"LS1","country":"GB"}},
         "payment":{"psp":"psp","token":"tok_visa"},"options":{"allow_backorder":true,"allow_split":false,"reservation_ttl_s":60},
         "expected_total":1039,"metadata":{"channel":"web","note":"ring\ntwice"}}
        """;

    public static PlaceDraft Draft(string json)
    {
        var (draft, problem) = Parse(Encoding.UTF8.GetBytes(json));
        Assert.Null(problem);
        return draft!;
    }

    public static (PlaceDraft? Draft, Problem? Problem) Parse(byte[] utf8)
    {
        try
        {
            var json = new StrictJson(utf8);
            var draft = PlaceParser.Parse(ref json, "psp");
            json.End();
            return json.HasErrors ? (null, Problem.Of(json.Errors)) : (draft, null);
        }
        catch (JsonException)
        {
            // As the edge does.
            return (null, EdgeMiddleware.Malformed);
        }
    }
}
