using System.Text.Json.Nodes;
using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>
/// What the server's own telemetry costs: two servers, one without it, loaded in turns, by the processor time that each takes
/// for an order from placed to confirmed. The other one idles meanwhile.
/// </summary>
internal sealed class TelemetryBench(PlaceSettings settings, int rounds, BenchServer with, BenchServer without)
{
    private const string OrdersPath = "/v1/orders";
    // A server that takes less has nothing to do but its chores.
    private const double IdleCores = 0.1;
    private static readonly TimeSpan IdlePeriod = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DrainPatience = TimeSpan.FromMinutes(2);

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        using var measured = new Wrk(with.Urls, with.ApiKey, settings.Connections, settings.IsHot);
        using var plain = new Wrk(without.Urls, without.ApiKey, settings.Connections, settings.IsHot);
        foreach (var (server, wrk) in new[] { (with, measured), (without, plain) })
        {
            await BenchCatalog.LoadAsync(server.Url, server.ApiKey, cancellation);
            await MicrosecondsAsync(server, wrk, cancellation);
        }

        var (on, off) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            Console.Error.WriteLine($"bench: round {round} of {rounds}");
            // Each goes first as often as the other: what the machine does over time favours neither.
            if (round % 2 == 0)
                off.Add(await MicrosecondsAsync(without, plain, cancellation));
            on.Add(await MicrosecondsAsync(with, measured, cancellation));
            if (round % 2 == 1)
                off.Add(await MicrosecondsAsync(without, plain, cancellation));
        }

        await with.StopAsync(cancellation);
        await without.StopAsync(cancellation);
        return ToJson(on, off);
    }

    private JsonObject ToJson(List<double> on, List<double> off)
    {
        var overheads = on.Zip(off, (one, other) => one / other - 1).Order().ToList();
        return new JsonObject
        {
            ["scenario"] = "telemetry",
            ["with_us"] = Series(on),
            ["without_us"] = Series(off),
            ["overhead"] = Math.Round(on.Sum() / off.Sum() - 1, 4),
            ["overhead_range"] = new JsonArray(Math.Round(overheads[0], 4), Math.Round(overheads[^1], 4)),
            ["rounds"] = rounds,
            ["seconds"] = settings.Duration.TotalSeconds,
            ["connections"] = settings.Connections,
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["durability"] = with.Durability,
            ["command"] = with.CommandLine,
        };
    }

    private async Task<double> MicrosecondsAsync(BenchServer server, Wrk wrk, CancellationToken cancellation)
    {
        var before = server.CpuTime;
        var load = await wrk.RunAsync(OrdersPath, settings.Duration, cancellation);
        if (load.Failed > 0)
            throw new InvalidOperationException($"{load.Failed:N0} orders were refused.");
        await UntilIdleAsync(server, cancellation);
        return (server.CpuTime - before).TotalMicroseconds / load.Requests;
    }

    /// <summary>By its processor time: a server without metrics tells no backlog.</summary>
    private static async Task UntilIdleAsync(BenchServer server, CancellationToken cancellation)
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
