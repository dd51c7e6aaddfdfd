using System.Text.Json.Nodes;
using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>What it costs to know a caller, to count his requests and to let them in: the yardstick with and without, in turns, by the server's own processor time.</summary>
internal sealed class EdgeBench(PlaceSettings settings, int rounds, BenchServer server)
{
    private const string Bare = "/v1/_noop";
    private const string Guarded = "/v1/_noop/admitted";

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        using var wrk = new Wrk(server.Urls, server.ApiKey, settings.Connections, settings.IsHot);
        await MicrosecondsAsync(wrk, Bare, cancellation);
        await MicrosecondsAsync(wrk, Guarded, cancellation);
        var (bare, guarded) = (new List<double>(), new List<double>());
        for (var round = 1; round <= rounds; round++)
        {
            Console.Error.WriteLine($"bench: round {round} of {rounds}");
            bare.Add(await MicrosecondsAsync(wrk, Bare, cancellation));
            guarded.Add(await MicrosecondsAsync(wrk, Guarded, cancellation));
        }

        await server.StopAsync(cancellation);
        var differences = guarded.Zip(bare, (with, without) => with - without).Order().ToList();
        return new JsonObject
        {
            ["scenario"] = "edge",
            ["bare_us"] = Median(bare),
            ["admitted_us"] = Median(guarded),
            ["edge_us"] = Median(differences),
            ["edge_us_range"] = new JsonArray(Math.Round(differences[0], 2), Math.Round(differences[^1], 2)),
            ["rounds"] = rounds,
            ["seconds"] = settings.Duration.TotalSeconds,
            ["connections"] = settings.Connections,
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["command"] = server.CommandLine,
        };
    }

    private async Task<double> MicrosecondsAsync(Wrk wrk, string path, CancellationToken cancellation)
    {
        var before = server.CpuTime;
        var load = await wrk.RunAsync(path, settings.Duration, cancellation);
        if (load.Failed > 0)
            throw new InvalidOperationException($"{load.Failed:N0} requests to {path} failed.");
        return (server.CpuTime - before).TotalMicroseconds / load.Requests;
    }

    private static double Median(List<double> values) => Math.Round(values.Order().ElementAt(values.Count / 2), 2);
}
