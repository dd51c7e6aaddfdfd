using System.Text.Json.Nodes;
using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>How long a killed server takes to serve again, over a store of many open orders and under load to its last moment.</summary>
internal sealed class RestartBench(PlaceSettings settings, int orders, int kills, BenchServer server)
{
    private static readonly TimeSpan Filling = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BeforeKill = TimeSpan.FromSeconds(3);

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        await BenchCatalog.LoadAsync(server.Url, server.ApiKey, cancellation);
        using var wrk = new Wrk(server.Urls, server.ApiKey, settings.Connections, settings.IsHot);
        double placed;
        while ((placed = (await server.ReadMetricsAsync(cancellation)).Accepted) < orders)
        {
            Console.Error.WriteLine($"bench: {placed:N0} of {orders:N0} orders");
            await wrk.RunAsync("/v1/orders", Filling, cancellation);
        }

        var ready = new List<double>();
        for (var kill = 0; kill < kills; kill++)
        {
            // Twice as long as it lives: the kill comes under full load, and wrk counts the rest as errors.
            var load = wrk.RunAsync("/v1/orders", BeforeKill * 2, cancellation);
            await Task.Delay(BeforeKill, cancellation);
            ready.Add((await server.CrashAsync(cancellation)).TotalMilliseconds);
            Console.Error.WriteLine($"bench: ready after {ready[^1]:N0} ms");
            await load;
        }

        await server.StopAsync(cancellation);
        Console.Error.WriteLine("bench: verifying the store");
        var violations = await server.CountViolationsAsync(cancellation);
        return new JsonObject
        {
            ["scenario"] = "restart",
            ["storage"] = settings.Storage,
            ["open_orders"] = placed,
            ["kills"] = kills,
            ["ready_ms"] = new JsonArray([.. ready.Select(ms => JsonValue.Create(Math.Round(ms)))]),
            ["ready_max_ms"] = Math.Round(ready.Max()),
            ["disk_bytes"] = server.DiskBytes(),
            ["violations"] = violations,
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["command"] = server.CommandLine,
        };
    }
}
