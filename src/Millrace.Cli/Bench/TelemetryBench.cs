using System.Text.Json.Nodes;
using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>
/// What the server's own telemetry costs: one server, loaded in turns with and without it, by the processor time that an order takes from placed to
/// confirmed. One process: two differ by more than what is to be found, in what is compiled how and in where memory lies.
/// </summary>
internal sealed class TelemetryBench(PlaceSettings settings, int rounds, BenchServer server)
{
    private const string OrdersPath = "/v1/orders";
    // A server that takes less has nothing to do but its chores.
    private const double IdleCores = 0.1;
    private const int WarmUps = 4;
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan IdlePeriod = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan DrainPatience = TimeSpan.FromMinutes(2);

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        using var wrk = new Wrk(server.Urls, server.ApiKey, settings.Connections, settings.IsHot);
        await BenchCatalog.LoadAsync(server.Url, server.ApiKey, cancellation);
        for (var run = 0; run < WarmUps; run++)
            await MicrosecondsAsync(wrk, isMeasured: run % 2 == 0, cancellation);

        var (on, off) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            Console.Error.WriteLine($"bench: round {round} of {rounds}");
            // Each goes first as often as the other: what the machine does over time favours neither.
            if (round % 2 == 0)
                off.Add(await MicrosecondsAsync(wrk, isMeasured: false, cancellation));
            on.Add(await MicrosecondsAsync(wrk, isMeasured: true, cancellation));
            if (round % 2 == 1)
                off.Add(await MicrosecondsAsync(wrk, isMeasured: false, cancellation));
        }

        await server.StopAsync(cancellation);
        return ToJson(on, off);
    }

    private JsonObject ToJson(List<double> on, List<double> off)
    {
        var overheads = on.Zip(off, (one, other) => one / other - 1).Order().ToList();
        var mean = overheads.Average();
        // Of the mean of the rounds.
        var error = Math.Sqrt(overheads.Sum(overhead => (overhead - mean) * (overhead - mean)) / (rounds - 1) / rounds);
        return new JsonObject
        {
            ["scenario"] = "telemetry",
            ["with_us"] = Series(on),
            ["without_us"] = Series(off),
            ["overhead"] = Math.Round(mean, 4),
            ["standard_error"] = Math.Round(error, 4),
            ["overhead_by_sums"] = Math.Round(on.Sum() / off.Sum() - 1, 4),
            ["overhead_median"] = Math.Round((overheads[(rounds - 1) / 2] + overheads[rounds / 2]) / 2, 4),
            ["overhead_range"] = new JsonArray(Math.Round(overheads[0], 4), Math.Round(overheads[^1], 4)),
            ["rounds"] = rounds,
            ["seconds"] = settings.Duration.TotalSeconds,
            ["connections"] = settings.Connections,
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["durability"] = server.Durability,
            ["command"] = server.CommandLine,
        };
    }

    private async Task<double> MicrosecondsAsync(Wrk wrk, bool isMeasured, CancellationToken cancellation)
    {
        await server.MeasureAsync(isMeasured, cancellation);
        // What the switch itself costs, new memory for every metric, is no cost of an order.
        await LoadAsync(wrk, Settling, cancellation);
        var before = server.CpuTime;
        var requests = await LoadAsync(wrk, settings.Duration, cancellation);
        return (server.CpuTime - before).TotalMicroseconds / requests;
    }

    private async Task<long> LoadAsync(Wrk wrk, TimeSpan duration, CancellationToken cancellation)
    {
        var load = await wrk.RunAsync(OrdersPath, duration, cancellation);
        if (load.Failed > 0)
            throw new InvalidOperationException($"{load.Failed:N0} orders were refused.");
        await UntilIdleAsync(cancellation);
        return load.Requests;
    }

    /// <summary>By its processor time: a server without metrics tells no backlog.</summary>
    private async Task UntilIdleAsync(CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var before = server.CpuTime;
            await Task.Delay(IdlePeriod, cancellation);
            if (server.CpuTime - before < IdlePeriod * IdleCores)
                return;
            if (TimeProvider.System.GetElapsedTime(startedAt) > DrainPatience)
                throw new InvalidOperationException($"The server did not come to rest in {DrainPatience.TotalSeconds:F0} s without load.");
        }
    }

    private static JsonArray Series(List<double> values) => new([.. values.Select(value => (JsonNode)Math.Round(value, 2))]);
}
