using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Client;
using Millrace.Cli.Verify;
using Millrace.Domain.Identity;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Torture;

/// <summary>
/// Three real nodes over one real PostgreSQL under real load: one after the other is killed, stands still for longer than the others wait, or is
/// stopped in good order and comes back. The others go on.
/// </summary>
internal sealed class ClusterTorture(int faults, int clients, int seed, string folder) : IDisposable
{
    private const int NodeCount = 3;
    private const int Partitions = 64;
    private const long ScarceUnits = 300;
    private const string Secret = "of this run only";
    private readonly Random _random = new(seed);
    private readonly AckRecord _told = new(Path.Combine(folder, "acknowledged.txt"));
    private readonly List<double> _failoverMs = [];
    private readonly List<double> _pausedMs = [];
    private readonly List<double> _handOverMs = [];
    private readonly List<HttpClient> _clients = [];
    private readonly List<TortureNode> _nodes = [];
    private int _done;
    private int _kills;
    private int _pauses;
    private int _restarts;

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        await using var postgres = await PostgresServer.StartAsync(null, cancellation);
        var database = await postgres.CreateDatabaseAsync("torture", cancellation);
        var ports = Enumerable.Range(0, 2 * NodeCount).Select(_ => Serve.FreePort.Find()).ToArray();
        await using var psp = await PspProcess.StartAsync(Path.Combine(folder, "psp"), new Uri($"http://127.0.0.1:{ports[0]}/v1/psp/psp/webhooks"), Secret, cancellation);
        var keys = Path.Combine(folder, "keys");
        var key = new ApiKeyStore(keys, TimeProvider.System).Create(TenantId.Parse("torture"), "torture", Scopes.Admin, TimeProvider.System.GetUtcNow().AddDays(1)).Text;
        for (var i = 0; i < NodeCount; i++)
        {
            _nodes.Add(new TortureNode(
                ["--data", keys, "--postgres", database, "--node-name", $"node-{i}", "--cluster", $"127.0.0.1:{ports[NodeCount + i]}", "--psp", psp.Url.ToString()],
                Secret, ports[i]));
            var http = new HttpClient { BaseAddress = _nodes[i].Url, Timeout = TimeSpan.FromSeconds(10) };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            _clients.Add(http);
        }

        try
        {
            foreach (var node in _nodes)
                await node.StartAsync(cancellation);
            return await RunAsync(psp.Url, database, key, cancellation);
        }
        finally
        {
            for (var i = 0; i < _nodes.Count; i++)
            {
                await File.WriteAllTextAsync(Path.Combine(folder, $"node-{i}.log"), _nodes[i].Output, CancellationToken.None);
                await _nodes[i].DisposeAsync();
            }
        }
    }

    public void Dispose()
    {
        _told.Dispose();
        _clients.ForEach(client => client.Dispose());
    }

    private async Task<JsonObject> RunAsync(Uri psp, string database, string key, CancellationToken cancellation)
    {
        using (var client = new MillraceClient(_nodes[0].Url, key))
            await TortureShop.StockAsync(client, ScarceUnits, cancellation);
        var shoppers = Enumerable.Range(0, clients).Select(number => new TortureClient(_clients, _told, number, seed, cancellation)).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = Task.WhenAll(shoppers.Select(shopper => Task.Run(() => shopper.RunAsync(stop.Token), CancellationToken.None)));
        await Progressing.RunAsync("faults", faults, () => _done, async () =>
        {
            for (; _done < faults; _done++)
            {
                await PspFaults.SetAnyAsync(psp, _random, cancellation);
                await Task.Delay(_random.Next(500, 2_000), cancellation);
                await StrikeAsync(_random.Next(NodeCount), cancellation);
            }
        });
        await stop.CancelAsync();
        await load;

        await PspFaults.ClearAsync(psp, cancellation);
        var (lost, stuck) = await Drain.RunAsync(_told, shoppers[0], cancellation);
        foreach (var node in _nodes)
            await node.StopAsync(cancellation);
        var report = await StoreVerification.RunPostgresAsync(database, psp, cancellation, isDrained: true);
        return Result(report, lost, stuck, [.. shoppers.SelectMany(shopper => shopper.Complaints)]);
    }

    private async Task StrikeAsync(int victim, CancellationToken cancellation)
    {
        var others = _clients.Where((_, i) => i != victim).ToList();
        var node = _nodes[victim];
        using var probe = new FailoverProbe(others, Partitions);
        // One of each first, so that a short run has met them all.
        switch (_done < 3 ? _done : _random.Next(4))
        {
            case 2:
                _pauses++;
                var paused = node.PauseAsync(TimeSpan.FromSeconds(10), cancellation);
                await probe.RunAsync(TimeSpan.FromSeconds(6), cancellation);
                _pausedMs.AddRange(probe.SinceFault);
                await paused;
                // It finds out that it is taken for dead, and ends itself; whoever runs it starts it again.
                await node.StartAgainAsync(TimeSpan.FromSeconds(15), cancellation);
                break;
            case 1:
                _restarts++;
                var stopping = node.StopAsync(cancellation);
                await probe.RunAsync(TimeSpan.FromSeconds(2), cancellation);
                _handOverMs.AddRange(probe.Pauses);
                await stopping;
                await node.StartAsync(cancellation);
                break;
            default:
                _kills++;
                await node.KillAsync();
                await probe.RunAsync(TimeSpan.FromSeconds(6), cancellation);
                _failoverMs.AddRange(probe.SinceFault);
                await node.StartAsync(cancellation);
                break;
        }
    }

    private JsonObject Result(CheckReport report, int lost, int stuck, string[] complaints)
    {
        foreach (var complaint in complaints.Take(20))
            Console.Out.WriteLine(complaint);
        if (report.ViolationCount > 0)
            Console.Out.WriteLine(string.Join('\n', report.Violations.Take(20).Select(v => $"violation of {v.Invariant}: {v.Subject} {v.What}")));
        long Of(string status) => report.OrdersByStatus.GetValueOrDefault(status);
        return new JsonObject
        {
            ["scenario"] = "torture cluster",
            ["kills"] = _kills,
            ["pauses"] = _pauses,
            ["restarts"] = _restarts,
            ["acknowledged"] = _told.Count,
            ["confirmed"] = Of("confirmed") + Of("completed"),
            ["rejected"] = Of("rejected"),
            ["canceled"] = Of("canceled"),
            ["lost"] = lost,
            ["stuck"] = stuck,
            ["double_charges"] = report.Violations.Count(v => v.Invariant == 3),
            ["oversold"] = report.Violations.Count(v => v.Invariant == 4),
            ["violations"] = report.ViolationCount + complaints.Length + stuck + lost + Math.Abs(report.Orders - _told.Count),
            ["failover_p50_ms"] = Percentile(_failoverMs, 0.5),
            ["failover_p99_ms"] = Percentile(_failoverMs, 0.99),
            ["paused_p50_ms"] = Percentile(_pausedMs, 0.5),
            ["paused_p99_ms"] = Percentile(_pausedMs, 0.99),
            ["hand_over_p50_ms"] = Percentile(_handOverMs, 0.5),
            ["hand_over_p99_ms"] = Percentile(_handOverMs, 0.99),
            ["seed"] = seed,
        };
    }

    private static double Percentile(List<double> values, double share)
    {
        if (values.Count == 0)
            return 0;
        values.Sort();
        return Math.Round(values[(int)Math.Min(values.Count - 1, values.Count * share)]);
    }
}
