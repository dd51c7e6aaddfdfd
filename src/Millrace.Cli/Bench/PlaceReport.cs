using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Cli.Bench.Load;
using Millrace.Cli.Client;

namespace Millrace.Cli.Bench;

/// <summary>A run with all that is needed to judge it and to repeat it.</summary>
internal sealed class PlaceReport(PlaceSettings settings, PlaceResult result, string commandLine, string durability, string fileSystem)
{
    private readonly int _payloadBytes = BenchBody.Render(new Random(1), settings.IsHot).Length;

    private string Psp => settings.IsHttpPsp ? "simulator over HTTP, own process" : "in-process, 0 ms: simulated";

    private string LoadWords => settings.Rate is { } rate
        ? $"open loop, {rate:N0}/s, {settings.Connections} connections; latency from the intended send time"
        : $"wrk -t{settings.Nodes} -c{settings.Connections}: closed loop, so its latency is not what users at a fixed rate would see";

    public void Print()
    {
        var (steady, load) = (result.Steady, result.Load);
        var table = Terminal.NewTable($"{settings.Scenario} on {settings.Storage}", "what", "figure#");
        table.AddText("orders/s to confirmed", $"{steady.OrdersPerSecond:N0}");
        if (result.Noop is { } noop)
        {
            table.AddText("no-op/s, before and after", $"{noop.Before.PerSecond:N0} and {noop.After.PerSecond:N0}");
            table.AddText("ratio to no-op", $"{result.RatioToNoop:F3}");
        }

        table.AddText($"accept p50 / p99 / p99.9 ms, of {load.LatencyOf}", $"{load.Latency.P50Ms:F2} / {load.Latency.P99Ms:F2} / {load.Latency.P999Ms:F2}");
        table.AddText("accept to confirmed p50 / p99 / p99.9 ms", $"{steady.ConfirmMs(0.5):F2} / {steady.ConfirmMs(0.99):F2} / {steady.ConfirmMs(0.999):F2}");
        table.AddText("CPU µs per order (all but the load)", $"{steady.CpuMicrosecondsPerOrder:F1}");
        table.AddText("RSS MB", $"{steady.End.ResidentBytes / 1048576.0:N0}");
        table.AddText("disk bytes per order", $"{result.DiskBytesPerOrder:N0}");
        table.AddText("decisions per journal row", steady.RecordsPerBatch is { } size ? $"{size:F1}" : "not reported");
        table.AddText("time in GC pauses", steady.GcPauseShare is { } share ? $"{share:P2}" : "not reported");
        table.AddText("accepted, confirmed in the window", $"{steady.Accepted:N0}, {steady.Confirmed:N0} in {steady.Duration.TotalSeconds:F1} s");
        table.AddText("backlog at start, at end", $"{steady.Start.Metrics.Backlog:N0}, {steady.End.Metrics.Backlog:N0}");
        table.AddText("requests answered, of these refused; unanswered", $"{load.Requests:N0}, {load.Refused:N0}; {load.Unanswered:N0}");
        table.AddText("violations", $"{result.Violations}");
        Terminal.Out.Write(table);
        PrintSetting();
    }

    public JsonObject ToJson()
    {
        var (steady, load) = (result.Steady, result.Load);
        return new JsonObject
        {
            ["scenario"] = settings.Scenario,
            ["storage"] = settings.Storage,
            ["orders_per_s"] = Round(steady.OrdersPerSecond, 1),
            ["noop_per_s"] = Round(result.Noop?.PerSecond, 1),
            ["ratio_to_noop"] = Round(result.RatioToNoop, 4),
            ["accept_p50_ms"] = Round(load.Latency.P50Ms, 3),
            ["accept_p99_ms"] = Round(load.Latency.P99Ms, 3),
            ["accept_p999_ms"] = Round(load.Latency.P999Ms, 3),
            ["accept_of"] = load.LatencyOf,
            ["confirm_p50_ms"] = Round(steady.ConfirmMs(0.5), 3),
            ["confirm_p99_ms"] = Round(steady.ConfirmMs(0.99), 3),
            ["confirm_p999_ms"] = Round(steady.ConfirmMs(0.999), 3),
            ["cpu_us_per_order"] = Round(steady.CpuMicrosecondsPerOrder, 2),
            ["rss_mb"] = Round(steady.End.ResidentBytes / 1048576.0, 1),
            ["disk_bytes_per_order"] = Round(result.DiskBytesPerOrder, 1),
            ["violations"] = result.Violations,
            ["noop_drift"] = Round(result.Noop?.Drift, 4),
            ["records_per_batch"] = Round(steady.RecordsPerBatch, 2),
            ["gc_pause_share"] = Round(steady.GcPauseShare, 5),
            ["seconds"] = Round(steady.Duration.TotalSeconds, 2),
            ["accepted"] = steady.Accepted,
            ["confirmed"] = steady.Confirmed,
            ["backlog_start"] = steady.Start.Metrics.Backlog,
            ["backlog_end"] = steady.End.Metrics.Backlog,
            ["requests"] = load.Requests,
            ["failed_requests"] = load.Failed,
            ["refused_requests"] = load.Refused,
            ["unanswered_requests"] = load.Unanswered,
            ["loop"] = settings.Rate is null ? "closed" : "open",
            ["rate"] = settings.Rate,
            ["connections"] = settings.Connections,
            ["payload_bytes"] = _payloadBytes,
            ["psp"] = Psp,
            ["durability"] = durability,
            ["file_system"] = fileSystem,
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["command"] = commandLine,
        };
    }

    private void PrintSetting()
    {
        var table = Terminal.NewTable(null, "setting", "value");
        table.AddText("machine", $"{Machine.Processor}, {Machine.Cores} cores, {Machine.MemoryMb:N0} MB, {Machine.Kernel}; the load generator runs on it too");
        table.AddText("server", commandLine);
        table.AddText("durability", $"{durability}, on {fileSystem}");
        table.AddText("PSP", Psp);
        table.AddText("load", LoadWords);
        table.AddText("payload", $"{_payloadBytes} bytes, {(settings.IsHot ? "one line, always the same SKU" : $"two lines of {BenchBody.Skus:N0} SKUs")}, unique keys, authenticated");
        Terminal.Out.Write(table);
        if (result.Noop is { IsNoisy: true } noop)
            Console.Error.WriteLine($"bench: the no-op differs by {noop.Drift:P0} before and after: a noisy machine; run again.");
        if (fileSystem is "tmpfs" or "ramfs")
            Console.Error.WriteLine("bench: the data folder is in memory: commits cost nothing here. Give --data on a disk.");
        if (result.Load.Failed > 0)
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"bench: {result.Load.Refused:N0} requests were refused and {result.Load.Unanswered:N0} not answered; the percentiles are of {result.Load.LatencyOf}."));
    }

    private static double? Round(double? value, int digits) => value is { } number && double.IsFinite(number) ? Math.Round(number, digits) : null;
}
