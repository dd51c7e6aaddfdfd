using System.Text.Json.Nodes;

namespace Millrace.Tests.EndToEnd;

/// <summary>Well-formed request bodies.</summary>
internal static class Bodies
{
    public static JsonObject Order(string sku, int quantity = 1, string token = "tok_visa") => new()
    {
        ["customer"] = new JsonObject { ["id"] = "c-" + sku },
        ["currency"] = "EUR",
        ["lines"] = new JsonArray(new JsonObject { ["sku"] = sku, ["quantity"] = quantity }),
        ["payment"] = new JsonObject { ["token"] = token },
    };

    public static JsonObject With(this JsonObject body, string name, JsonNode? value)
    {
        body[name] = value;
        return body;
    }

    public static string Item(long price = 250) => new JsonObject { ["name"] = "Mug", ["price"] = price, ["currency"] = "EUR" }.ToJsonString();

    public static string Adjustment(string sku, long delta) =>
        new JsonObject { ["sku"] = sku, ["delta"] = delta, ["reason"] = "receipt" }.ToJsonString();
}
