using System.Text.Json.Nodes;
using Millrace.Cli.Children;

namespace Millrace.Cli.Torture;

/// <summary>
/// Three real nodes over one real PostgreSQL under real load: one after the other is killed, stopped in good order, stands still for longer than the others
/// wait, or is cut off from the database or from the others, and comes back. The others go on.
/// </summary>
internal sealed class ClusterTorture(int faults, int partitions, int clients, int seed, string folder)
{
    private const int NodeCount = 3;
    private const int Kinds = 5;
    private static readonly TimeSpan FaultLength = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(15);
    private readonly List<double> _failoverMs = [];
    private readonly List<double> _pausedMs = [];
    private readonly List<double> _handOverMs = [];
    private readonly List<double> _cutOffMs = [];
    private int _kills;
    private int _pauses;
    private int _restarts;
    private int _cutOffs;

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        await using var postgres = await PostgresServer.StartAsync(null, cancellation);
        await using var network = new CutOffs();
        var database = await postgres.CreateDatabaseAsync("torture", cancellation);
        await using var cluster = await TorturedCluster.StartAsync(
            NodeCount, folder, database, (_, address) => network.Arguments(database, address), clients, seed, cancellation, partitions: partitions);
        var result = await cluster.RunAsync(faults, done => StrikeAsync(cluster, network, done, cancellation), cancellation);
        result.Insert(0, "scenario", "torture cluster");
        result["kills"] = _kills;
        result["pauses"] = _pauses;
        result["restarts"] = _restarts;
        result["cut_offs"] = _cutOffs;
        Add(result, "failover", _failoverMs);
        Add(result, "paused", _pausedMs);
        Add(result, "hand_over", _handOverMs);
        Add(result, "cut_off", _cutOffMs);
        return result;
    }

    private async Task StrikeAsync(TorturedCluster cluster, CutOffs network, int done, CancellationToken cancellation)
    {
        var victim = cluster.Random.Next(NodeCount);
        var node = cluster.Nodes[victim];
        using var probe = cluster.Probe([.. cluster.Clients.Where((_, i) => i != victim)]);
        // One of each first, so that a short run has met them all.
        switch (done < Kinds ? done : cluster.Random.Next(Kinds))
        {
            case 0:
                await KillAsync(cluster, node, probe, cancellation);
                break;
            case 1:
                await RestartAsync(node, probe, cancellation);
                break;
            case 2:
                await PauseAsync(cluster, node, probe, cancellation);
                break;
            case 3:
                await CutFromDatabaseAsync(cluster, network, victim, probe, cancellation);
                break;
            default:
                await CutFromPeersAsync(cluster, network, victim, probe, cancellation);
                break;
        }
    }

    private async Task KillAsync(TorturedCluster cluster, NodeProcess node, FailoverProbe probe, CancellationToken cancellation)
    {
        if (await node.KillAsync() is { } end)
            cluster.Note(end);
        else
            _kills++;
        await probe.RunAsync(TimeSpan.FromSeconds(6), cancellation);
        _failoverMs.AddRange(probe.SinceFault);
        await node.StartAsync(cancellation);
    }

    private async Task RestartAsync(NodeProcess node, FailoverProbe probe, CancellationToken cancellation)
    {
        _restarts++;
        var stopping = node.StopAsync(cancellation);
        await probe.RunAsync(TimeSpan.FromSeconds(2), cancellation);
        _handOverMs.AddRange(probe.Pauses);
        await stopping;
        await node.StartAsync(cancellation);
    }

    private async Task PauseAsync(TorturedCluster cluster, NodeProcess node, FailoverProbe probe, CancellationToken cancellation)
    {
        _pauses++;
        var paused = node.PauseAsync(FaultLength, cancellation);
        await probe.RunAsync(TimeSpan.FromSeconds(6), cancellation);
        _pausedMs.AddRange(probe.SinceFault);
        await paused;
        // It finds out that it is taken for dead, and ends itself; whoever runs it starts it again.
        cluster.Note(await node.StartAgainAsync(EndPatience, cancellation));
    }

    // It may go on to own what it cannot write, and refuses it; the others have theirs.
    private async Task CutFromDatabaseAsync(TorturedCluster cluster, CutOffs network, int victim, FailoverProbe probe, CancellationToken cancellation)
    {
        network.FromDatabase(victim, NextKind(cluster.Random));
        await EndureAsync(network, probe, cancellation);
        await cluster.UntilServingAsync(cancellation);
    }

    // Both sides may believe that they own its partitions: the journal's fence decides. Whoever is taken for dead ends itself.
    private async Task CutFromPeersAsync(TorturedCluster cluster, CutOffs network, int victim, FailoverProbe probe, CancellationToken cancellation)
    {
        network.FromPeers(victim, cluster.Nodes[victim].ProcessId, NextKind(cluster.Random));
        await EndureAsync(network, probe, cancellation);
        cluster.Note(await cluster.Nodes[victim].StartAgainAsync(EndPatience, cancellation));
        await cluster.UntilServingAsync(cancellation);
    }

    private async Task EndureAsync(CutOffs network, FailoverProbe probe, CancellationToken cancellation)
    {
        _cutOffs++;
        var served = probe.RunAsync(FaultLength + TimeSpan.FromSeconds(1), cancellation);
        try
        {
            await Task.WhenAny(served, Task.Delay(FaultLength, cancellation));
        }
        finally
        {
            network.Heal();
        }

        await served;
        _cutOffMs.AddRange(probe.SinceFault);
    }

    // Silence is the harder one.
    private CutKind NextKind(Random random) => _cutOffs < 2 || random.Next(2) == 0 ? CutKind.Holding : CutKind.Closing;

    private static void Add(JsonObject result, string name, List<double> values)
    {
        result[$"{name}_p50_ms"] = TorturedCluster.Percentile(values, 0.5);
        result[$"{name}_p99_ms"] = TorturedCluster.Percentile(values, 0.99);
    }
}
