using System.Text.Json.Nodes;
using Millrace.Cli.Bench.Load;

namespace Millrace.Cli.Bench;

/// <summary>What a server has done and used since its start.</summary>
/// <param name="Orders">Accepted.</param>
/// <param name="CpuUs">Processor time, in microseconds.</param>
/// <param name="PauseUs">For how long collections have stopped it, in microseconds.</param>
/// <param name="Allocated">Bytes.</param>
internal readonly record struct ServerUse(long Orders, long CpuUs, long PauseUs, long Allocated)
{
    public static ServerUse operator -(ServerUse later, ServerUse earlier) => new(
        later.Orders - earlier.Orders, later.CpuUs - earlier.CpuUs, later.PauseUs - earlier.PauseUs, later.Allocated - earlier.Allocated);
}

/// <summary>
/// What the server's own telemetry costs: one server under one load, with and without it in turns, by the processor time of an order. One process: two differ by
/// more than what is to be found, in what is compiled how and in where memory lies.
/// </summary>
internal sealed class TelemetryBench(PlaceSettings settings, BenchServer server)
{
    private const string OrdersPath = "/v1/orders";
    private const int WarmUpSeconds = 10;
    // What is begun on one side of a switch and ends on the other.
    private static readonly TimeSpan Settling = TimeSpan.FromMilliseconds(50);
    // What the machine does changes within seconds by more than is to be found: both of a round meet the same.
    private static readonly TimeSpan Turn = TimeSpan.FromMilliseconds(400);
    private readonly List<(ServerUse On, ServerUse Off)> _rounds = [];

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        using var wrk = new Wrk(server.Urls, server.ApiKey, settings.Connections, settings.IsHot);
        await BenchCatalog.LoadAsync(server.Url, server.ApiKey, cancellation);
        await LoadAsync(wrk, TimeSpan.FromSeconds(WarmUpSeconds), cancellation);
        var load = LoadAsync(wrk, settings.Duration, cancellation);
        // Each goes first as often as the other.
        for (var isOnFirst = true; ; isOnFirst = !isOnFirst)
        {
            var first = await TurnAsync(isOnFirst, cancellation);
            var second = await TurnAsync(!isOnFirst, cancellation);
            if (load.IsCompleted)
                break;
            // A collection, or a machine that was away, may take a whole turn.
            if (first.Orders == 0 || second.Orders == 0)
                continue;
            _rounds.Add(isOnFirst ? (first, second) : (second, first));
            if (_rounds.Count % 50 == 0)
                Console.Error.WriteLine($"bench: {_rounds.Count} rounds, {Overhead(CpuOf).Mean:P1} ± {Overhead(CpuOf).Error:P1}");
        }

        await load;
        if (_rounds.Count < 2)
            throw new InvalidOperationException($"{_rounds.Count} rounds are too few: --seconds {settings.Duration.TotalSeconds} is too short.");
        await server.StopAsync(cancellation);
        return ToJson();
    }

    private async Task<ServerUse> TurnAsync(bool isOn, CancellationToken cancellation)
    {
        await server.MeasureAsync(isOn, cancellation);
        await Task.Delay(Settling, cancellation);
        var before = await server.ReadUseAsync(cancellation);
        await Task.Delay(Turn, cancellation);
        return await server.ReadUseAsync(cancellation) - before;
    }

    private static async Task LoadAsync(Wrk wrk, TimeSpan duration, CancellationToken cancellation)
    {
        var load = await wrk.RunAsync(OrdersPath, duration, cancellation);
        if (load.Failed > 0)
            throw new InvalidOperationException($"{load.Failed:N0} orders were refused.");
    }

    private static double CpuOf(ServerUse use) => (double)use.CpuUs / use.Orders;

    // While it is stopped all cores collect. When that happens has to do with all that was allocated before, whoever measures.
    private static double BetweenCollections(ServerUse use) => (double)(use.CpuUs - use.PauseUs * Machine.Cores) / use.Orders;

    /// <returns>The mean of the rounds' differences as a share of the mean without, and its standard error.</returns>
    private (double Mean, double Error) Overhead(Func<ServerUse, double> cost)
    {
        var differences = _rounds.ConvertAll(round => cost(round.On) - cost(round.Off));
        var (mean, without) = (differences.Average(), _rounds.Average(round => cost(round.Off)));
        var error = Math.Sqrt(differences.Sum(d => (d - mean) * (d - mean)) / (differences.Count - 1) / differences.Count);
        return (mean / without, error / without);
    }

    private JsonObject ToJson()
    {
        var (all, between) = (Overhead(CpuOf), Overhead(BetweenCollections));
        return new JsonObject
        {
            ["scenario"] = "telemetry",
            ["overhead"] = Math.Round(all.Mean, 4),
            ["standard_error"] = Math.Round(all.Error, 4),
            ["overhead_between_collections"] = Math.Round(between.Mean, 4),
            ["standard_error_between_collections"] = Math.Round(between.Error, 4),
            ["with_us"] = Math.Round(_rounds.Average(round => CpuOf(round.On)), 2),
            ["without_us"] = Math.Round(_rounds.Average(round => CpuOf(round.Off)), 2),
            ["allocated_with"] = BytesOf(round => round.On),
            ["allocated_without"] = BytesOf(round => round.Off),
            ["orders"] = _rounds.Sum(round => round.On.Orders + round.Off.Orders),
            ["rounds"] = _rounds.Count,
            ["turn_ms"] = Turn.TotalMilliseconds,
            ["connections"] = settings.Connections,
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["durability"] = server.Durability,
            ["command"] = server.CommandLine,
        };
    }

    private double BytesOf(Func<(ServerUse On, ServerUse Off), ServerUse> which) =>
        Math.Round((double)_rounds.Sum(round => which(round).Allocated) / _rounds.Sum(round => which(round).Orders));
}
