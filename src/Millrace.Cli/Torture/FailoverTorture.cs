using System.Text.Json.Nodes;
using Millrace.Cli.Children;

namespace Millrace.Cli.Torture;

/// <summary>
/// Two nodes over a primary with a synchronous standby: the primary is killed under load, the standby promoted, and a new standby made; now and then
/// the standby is killed instead. No acknowledged order may be lost.
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
        await using var pair = await PostgresPair.StartAsync("torture", cancellation);
        await using var cluster = await TorturedCluster.StartAsync(NodeCount, folder, pair.ConnectionString, clients, seed, cancellation);
        var result = await cluster.RunAsync(failovers, done => StrikeAsync(cluster, pair, done, cancellation), cancellation);
        result.Insert(0, "scenario", "torture failover");
        result["failovers"] = _failovers;
        result["standby_kills"] = _standbyKills;
        result["recovery_p50_ms"] = TorturedCluster.Percentile(_recoveryMs, 0.5);
        result["recovery_max_ms"] = TorturedCluster.Percentile(_recoveryMs, 1);
        result["longest_pause_ms"] = Math.Round(_longestMs);
        return result;
    }

    private async Task StrikeAsync(TorturedCluster cluster, PostgresPair pair, int done, CancellationToken cancellation)
    {
        using var probe = new FailoverProbe(cluster.Clients, TorturedCluster.Partitions);
        int free;
        // The first is a primary: a short run has met that.
        if (done > 0 && cluster.Random.Next(4) == 0)
        {
            _standbyKills++;
            free = await pair.KillStandbyAsync();
        }
        else
        {
            _failovers++;
            free = await pair.FailOverAsync(cancellation);
            await probe.RunAsync(TimeSpan.FromSeconds(5), cancellation);
            _recoveryMs.AddRange(probe.SinceFault);
            _longestMs = Math.Max(_longestMs, probe.LongestMs);
        }

        await pair.AddStandbyAsync(free, cancellation);
    }
}
