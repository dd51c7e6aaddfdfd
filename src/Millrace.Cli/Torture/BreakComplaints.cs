using System.Text.Json;

namespace Millrace.Cli.Torture;

/// <summary>What differs between orders and the provider's record when everything has come to rest: a mistake with money, or a false alarm; either is one too many.</summary>
internal static class BreakComplaints
{
    /// <summary>Sooner than in earnest: a run is short.</summary>
    public static readonly string[] Arguments = ["--reconcile-after", "00:00:05"];

    // The comparison reads on within a second, tells how far it is each ten, and looks at what is open each minute.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    /// <summary>Waits until all that was done by now is compared and nothing is open any more.</summary>
    /// <param name="node">That serves; asked with a key that may operate.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <returns>In words; none when all agrees.</returns>
    public static async Task<IReadOnlyList<string>> OfAsync(HttpClient node, CancellationToken cancellation)
    {
        var (since, until) = (DateTimeOffset.UtcNow, DateTimeOffset.UtcNow + Patience);
        while (true)
        {
            var state = await node.GetFromJsonAsync<JsonElement>("/v1/reconciliation", cancellation);
            var isRead = new[] { "orders_read_at", "provider_read_at" }.All(name => state.Text(name) is { } at && DateTimeOffset.Parse(at, System.Globalization.CultureInfo.InvariantCulture) > since);
            if (isRead && state.GetProperty("unsettled").GetInt32() == 0 && state.GetProperty("open").GetInt32() == 0)
                return state.GetProperty("matched").GetInt64() > 0 ? await FalseAlarmsAsync(node, cancellation) : ["reconciliation: nothing was compared"];
            if (DateTimeOffset.UtcNow > until)
                break;
            await Task.Delay(Pause, cancellation);
        }

        var breaks = (await node.GetFromJsonAsync<JsonElement>("/v1/reconciliation/breaks?limit=20", cancellation)).GetProperty("data");
        return
        [
            $"reconciliation: not all was compared, or does not agree: {(await node.GetFromJsonAsync<JsonElement>("/v1/reconciliation", cancellation)).GetRawText()}",
            .. breaks.EnumerateArray().Select(Words),
        ];
    }

    // That an order had not heard yet is so when answers are lost; nothing else was ever true, and it ended.
    private static async Task<IReadOnlyList<string>> FalseAlarmsAsync(HttpClient node, CancellationToken cancellation)
    {
        var alarms = new List<string>();
        for (string? cursor = ""; cursor is not null;)
        {
            var after = cursor.Length > 0 ? "&cursor=" + Uri.EscapeDataString(cursor) : "";
            var ended = await node.GetFromJsonAsync<JsonElement>("/v1/reconciliation/breaks?state=closed&limit=200" + after, cancellation);
            alarms.AddRange(ended.GetProperty("data").EnumerateArray().Where(found => found.Text("kind") != "pending").Select(found => "a false alarm of " + Words(found)));
            cursor = ended.GetProperty("next_cursor").GetString();
        }

        return alarms;
    }

    private static string Words(JsonElement found) => $"reconciliation: {found.Text("kind")} {found.Text("payment_key")} {found.Text("psp_reference")}";
}
