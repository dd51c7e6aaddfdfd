using System.Text.Json.Nodes;
using Millrace.Cli.Children;

namespace Millrace.Cli.Torture;

/// <summary>
/// Three real nodes over one real PostgreSQL under real load: one after the other is killed, stands still for longer than the others wait, or is
/// stopped in good order and comes back. The others go on.
/// </summary>
internal sealed class ClusterTorture(int faults, int clients, int seed, string folder)
{
    private const int NodeCount = 3;
    private readonly List<double> _failoverMs = [];
    private readonly List<double> _pausedMs = [];
    private readonly List<double> _handOverMs = [];
    private int _kills;
    private int _pauses;
    private int _restarts;

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        await using var postgres = await PostgresServer.StartAsync(null, cancellation);
        var database = await postgres.CreateDatabaseAsync("torture", cancellation);
        await using var cluster = await TorturedCluster.StartAsync(
            NodeCount, folder, database, (_, address) => ["--postgres", database, "--cluster", address], clients, seed, cancellation);
        var result = await cluster.RunAsync(faults, done => StrikeAsync(cluster, done, cancellation), cancellation);
        result.Insert(0, "scenario", "torture cluster");
        result["kills"] = _kills;
        result["pauses"] = _pauses;
        result["restarts"] = _restarts;
        result["failover_p50_ms"] = TorturedCluster.Percentile(_failoverMs, 0.5);
        result["failover_p99_ms"] = TorturedCluster.Percentile(_failoverMs, 0.99);
        result["paused_p50_ms"] = TorturedCluster.Percentile(_pausedMs, 0.5);
        result["paused_p99_ms"] = TorturedCluster.Percentile(_pausedMs, 0.99);
        result["hand_over_p50_ms"] = TorturedCluster.Percentile(_handOverMs, 0.5);
        result["hand_over_p99_ms"] = TorturedCluster.Percentile(_handOverMs, 0.99);
        return result;
    }

    private async Task StrikeAsync(TorturedCluster cluster, int done, CancellationToken cancellation)
    {
        var victim = cluster.Random.Next(NodeCount);
        var others = cluster.Clients.Where((_, i) => i != victim).ToList();
        var node = cluster.Nodes[victim];
        using var probe = cluster.Probe(others);
        // One of each first, so that a short run has met them all.
        switch (done < 3 ? done : cluster.Random.Next(4))
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
}
