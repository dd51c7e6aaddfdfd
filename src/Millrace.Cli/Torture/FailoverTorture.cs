using System.Text.Json.Nodes;
using Millrace.Cli.Children;

namespace Millrace.Cli.Torture;

/// <summary>
/// Two nodes over a Patroni cluster in strict synchronous mode: its primary is killed under load, the whole machine or the server alone, and now and then the
/// synchronous standby. Whoever was killed comes back before the next is. No acknowledged order may be lost.
/// </summary>
internal sealed class FailoverTorture(int failovers, int clients, int seed, string folder)
{
    private const int NodeCount = 2;
    private readonly List<double> _recoveryMs = [];
    private double _longestMs;
    private int _failovers;
    private int _standbyKills;

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        await using var patroni = await PatroniCluster.StartAsync("torture", cancellation);
        await using var cluster = await TorturedCluster.StartAsync(
            NodeCount, folder, patroni.ConnectionString, (_, address) => ["--postgres", patroni.ConnectionString, "--cluster", address, "--require-replica"],
            clients, seed, cancellation);
        var result = await cluster.RunAsync(failovers, done => StrikeAsync(cluster, patroni, done, cancellation), cancellation);
        result.Insert(0, "scenario", "torture failover");
        result["failovers"] = _failovers;
        result["standby_kills"] = _standbyKills;
        result["recovery_p50_ms"] = TorturedCluster.Percentile(_recoveryMs, 0.5);
        result["recovery_max_ms"] = TorturedCluster.Percentile(_recoveryMs, 1);
        result["longest_pause_ms"] = Math.Round(_longestMs);
        return result;
    }

    private async Task StrikeAsync(TorturedCluster cluster, PatroniCluster patroni, int done, CancellationToken cancellation)
    {
        // The first is a machine, the second a server alone and then a standby: a short run has met them all.
        await FailOverAsync(cluster, patroni, isMachine: done == 0 || (done > 1 && cluster.Random.Next(3) > 0), cancellation);
        if (done == 1 || (done > 1 && cluster.Random.Next(3) == 0))
            await KillStandbyAsync(cluster, patroni, cancellation);
    }

    private async Task FailOverAsync(TorturedCluster cluster, PatroniCluster patroni, bool isMachine, CancellationToken cancellation)
    {
        _failovers++;
        var leader = await patroni.LeaderAsync(cancellation);
        using var probe = cluster.Probe(cluster.Clients);
        if (isMachine)
            await leader.KillAsync();
        else
            leader.KillPostgres();
        var served = probe.RunAsync(TimeSpan.FromSeconds(5), cancellation);
        // Before another leads it would find its own lock, and lead again.
        await patroni.UntilOtherLeadsAsync(leader, cancellation);
        if (isMachine)
            leader.Start();
        await served;
        _recoveryMs.AddRange(probe.SinceFault);
        _longestMs = Math.Max(_longestMs, probe.LongestMs);
        await patroni.UntilWholeAsync(cancellation);
    }

    private async Task KillStandbyAsync(TorturedCluster cluster, PatroniCluster patroni, CancellationToken cancellation)
    {
        _standbyKills++;
        var standby = await patroni.StandbyAsync(cancellation);
        using var probe = cluster.Probe(cluster.Clients);
        await standby.KillAsync();
        await probe.RunAsync(TimeSpan.FromSeconds(3), cancellation);
        await patroni.UntilOtherStandsByAsync(standby, cancellation);
        standby.Start();
        await patroni.UntilWholeAsync(cancellation);
    }
}
