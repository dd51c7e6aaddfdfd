using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary>Why an order, as the API shows it, would not take a change; null when nothing speaks against it, also when it would change nothing more. The decider's rules, seen from outside.</summary>
internal static class Objections
{
    private static readonly string[] Ends = ["completed", "rejected", "expired", "canceled"];

    public static bool IsEnded(JsonElement order) => Ends.Contains(order.Text("status"), StringComparer.Ordinal);

    public static string? ToCancel(JsonElement order) =>
        order.Find("closing")?.Text("outcome") == "canceled" ? null : Closed(order) ?? Shipped(order);

    public static string? ToHold(JsonElement order) => Closed(order) ?? Shipped(order);

    public static string? ToRelease(JsonElement order, string hold) =>
        Holds(order).Any(h => h.Text("id") == hold) ? null : $"it has no hold '{hold}'.";

    public static string? ToShip(JsonElement order, string? carrier, string? tracking)
    {
        if (order.Find("fulfillment") is { } shipped)
            return (shipped.Text("carrier"), shipped.Text("tracking")) == (carrier, tracking) ? null : Shipped(order);
        return Closed(order) ?? (order.Text("status") != "confirmed" ? "it is not confirmed." : Holds(order).Any() ? "it is on hold." : null);
    }

    public static string? ToDeliver(JsonElement order) => order.Find("fulfillment") is null ? "the parcel has not left." : null;

    public static string? ToRefund(JsonElement order, long? amount)
    {
        var payment = order.GetProperty("payment");
        var left = payment.GetProperty("captured").GetInt64() - payment.GetProperty("refunded").GetInt64();
        return left <= 0 ? "there is nothing to give back." : amount > left ? $"only {left} are left to give back." : null;
    }

    public static string? ToResume(JsonElement order) => order.Find("attention") is null ? "it does not wait for a person." : null;

    private static string? Closed(JsonElement order) =>
        IsEnded(order) ? $"it has ended: {order.Text("status")}." : order.Find("closing") is { } closing ? $"it is ending: {closing.Text("outcome")}." : null;

    private static string? Shipped(JsonElement order) => order.Find("fulfillment") is null ? null : "the parcel has left.";

    private static IEnumerable<JsonElement> Holds(JsonElement order) =>
        order.Find("holds") is { ValueKind: JsonValueKind.Array } holds ? holds.EnumerateArray() : [];
}
