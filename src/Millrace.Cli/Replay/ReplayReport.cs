using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Client;

namespace Millrace.Cli.Replay;

/// <summary>The closing tables, and the same as one JSON object.</summary>
internal sealed class ReplayReport(ReplayRun run, IReadOnlyDictionary<string, int> rejected, string rejectsFile, TimeSpan elapsed)
{
    private readonly List<(string Name, List<PlacedOrder> Orders)> _states = Group(run.Orders, order => order.State);
    private readonly List<(string Name, List<PlacedOrder> Orders)> _countries = Group(run.Orders.Where(IsSale), order => order.Country);

    /// <summary>Every order came to an end, and the server took everything that could be sold.</summary>
    public bool IsClean => run.Orders.TrueForAll(order => order.IsSettled) && !rejected.Keys.Any(reason => reason.StartsWith("refused:", StringComparison.Ordinal));

    public void Print()
    {
        PrintGroups("Orders by end state", "state", _states);
        PrintGroups("Confirmed sales by country", "country", _countries);
        var table = Terminal.NewTable("Rejected lines by reason", "reason", "lines#");
        foreach (var (reason, count) in rejected)
            table.AddText(reason, Number(count));
        table.AddText("all", Number(rejected.Values.Sum()));
        Terminal.Out.Write(table);
        var counts = run.Counts;
        Console.Error.WriteLine($"{Number(counts.Lines)} lines: {Number(counts.OrderedLines)} ordered, {Number(counts.CanceledLines)} canceled by "
            + $"{Number(counts.Cancellations)} invoices, {Number(rejected.Values.Sum())} rejected, each in {rejectsFile}");
        Console.Error.WriteLine($"{elapsed.TotalSeconds:F1} s, {Number(run.Replayed)} of the answers from an earlier run");
    }

    public JsonObject ToJson() => new()
    {
        ["scenario"] = "replay",
        ["lines"] = run.Counts.Lines,
        ["lines_ordered"] = run.Counts.OrderedLines,
        ["lines_canceled"] = run.Counts.CanceledLines,
        ["lines_rejected"] = rejected.Values.Sum(),
        ["orders"] = run.Orders.Count,
        ["cancellations"] = run.Counts.Cancellations,
        ["replayed"] = run.Replayed,
        ["currency"] = SalesJson.Currency,
        ["states"] = ToJson(_states),
        ["countries"] = ToJson(_countries),
        ["rejected"] = new JsonObject(rejected.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value))),
        ["rejects_file"] = rejectsFile,
        ["elapsed_s"] = Math.Round(elapsed.TotalSeconds, 3),
    };

    private static bool IsSale(PlacedOrder order) => order.State is "confirmed" or "completed";

    private static List<(string Name, List<PlacedOrder> Orders)> Group(IEnumerable<PlacedOrder> orders, Func<PlacedOrder, string> by) =>
        [.. orders.GroupBy(by, StringComparer.Ordinal).Select(group => (group.Key, group.ToList())).OrderByDescending(group => group.Item2.Count)];

    private static void PrintGroups(string title, string name, List<(string Name, List<PlacedOrder> Orders)> groups)
    {
        var table = Terminal.NewTable(title, name, "orders#", "units#", SalesJson.Currency + "#");
        foreach (var (key, orders) in groups)
            table.AddText(key, Number(orders.Count), Number(orders.Sum(o => o.Units)), Money(orders.Sum(o => o.AmountMinor)));
        var all = groups.SelectMany(group => group.Orders).ToList();
        table.AddText("all", Number(all.Count), Number(all.Sum(o => o.Units)), Money(all.Sum(o => o.AmountMinor)));
        Terminal.Out.Write(table);
    }

    private static JsonObject ToJson(List<(string Name, List<PlacedOrder> Orders)> groups) => new(groups.Select(group =>
        KeyValuePair.Create(group.Name, (JsonNode?)new JsonObject
        {
            ["orders"] = group.Orders.Count,
            ["units"] = group.Orders.Sum(o => o.Units),
            ["amount_minor"] = group.Orders.Sum(o => o.AmountMinor),
        })));

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Money(long minor) => (minor / 100m).ToString("N2", CultureInfo.InvariantCulture);
}
