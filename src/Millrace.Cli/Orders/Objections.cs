using System.Text.Json;
using Millrace.Cli.Client;

namespace Millrace.Cli.Orders;

/// <summary>Why an order, as the API shows it, would not take a change; null when nothing speaks against it. As the console's buttons have it.</summary>
internal static class Objections
{
    private static readonly string[] Ends = ["completed", "rejected", "expired", "canceled"];

    public static bool IsEnded(JsonElement order) => Ends.Contains(order.Text("status"), StringComparer.Ordinal);

    public static string? ToCancel(JsonElement order) => Ended(order) ?? (IsShipped(order) ? "the parcel has left." : null);

    public static string? ToHold(JsonElement order) => Ended(order);

    public static string? ToRelease(JsonElement order, string hold) =>
        Holds(order).Any(h => h.Text("id") == hold) ? null : $"it has no hold '{hold}'.";

    public static string? ToShip(JsonElement order) =>
        order.Text("status") != "confirmed" ? "it is not confirmed."
        : IsShipped(order) ? "it has left."
        : Holds(order).Any() ? "it is on hold." : null;

    public static string? ToDeliver(JsonElement order) =>
        !IsShipped(order) ? "it has not left."
        : order.GetProperty("fulfillment").Text("delivered_at") is not null ? "it has arrived." : null;

    public static string? ToRefund(JsonElement order, long? amount)
    {
        var payment = order.GetProperty("payment");
        var left = payment.GetProperty("captured").GetInt64() - payment.GetProperty("refunded").GetInt64();
        return left <= 0 ? "there is nothing to give back." : amount > left ? $"only {left} are left to give back." : null;
    }

    public static string? ToResume(JsonElement order) => order.Find("attention") is null ? "it does not wait for a person." : null;

    private static string? Ended(JsonElement order) => IsEnded(order) ? $"it has ended: {order.Text("status")}." : null;

    private static bool IsShipped(JsonElement order) => order.Find("fulfillment")?.Text("shipped_at") is not null;

    private static IEnumerable<JsonElement> Holds(JsonElement order) =>
        order.Find("holds") is { ValueKind: JsonValueKind.Array } holds ? holds.EnumerateArray() : [];
}
