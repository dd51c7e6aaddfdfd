using System.Text.Json.Nodes;
using Millrace.Cli.Children;

namespace Millrace.Cli.Torture;

/// <summary>
/// Two nodes over three databases, and partitions that are moved between these under load, by <c>millrace shards move</c> as an operator would. Every third of
/// these commands is killed at some step, and run again.
/// </summary>
internal sealed class ShardsTorture(int moves, int clients, int seed, string folder)
{
    private const int NodeCount = 2;
    private static readonly string[] Names = ["home", "b", "c"];
    private static readonly string[] Steps = ["begun", "entered", "rows copied", "log copied", "copied", "caught up", "fenced", "tail copied", "switched", "arrived", "removed", "left"];
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private readonly List<double> _pauseMs = [];
    private readonly List<double> _outMs = [];
    private readonly List<double> _interruptedMs = [];
    private readonly int[] _places = new int[TorturedCluster.DefaultPartitions];
    private int _moves;
    private int _kills;
    private bool _isKillOwed;

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        // Two servers: what one database waits for, the others do not.
        await using var first = await PostgresServer.StartAsync(null, cancellation);
        await using var second = await PostgresServer.StartAsync(null, cancellation);
        var home = await first.CreateDatabaseAsync("torture", cancellation);
        var shards = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["b"] = await second.CreateDatabaseAsync("torture_b", cancellation),
            ["c"] = await first.CreateDatabaseAsync("torture_c", cancellation),
        };
        await using var cluster = await TorturedCluster.StartAsync(
            NodeCount, folder, home, (_, address) => ["--postgres", home, "--cluster", address], clients, seed, cancellation, shards);
        var result = await cluster.RunAsync(moves, done => StrikeAsync(cluster, home, shards, done, cancellation), cancellation);
        result.Insert(0, "scenario", "torture shards");
        result["moves"] = _moves;
        result["kills"] = _kills;
        result["pause_p50_ms"] = TorturedCluster.Percentile(_pauseMs, 0.5);
        result["pause_p99_ms"] = TorturedCluster.Percentile(_pauseMs, 0.99);
        result["out_p50_ms"] = TorturedCluster.Percentile(_outMs, 0.5);
        result["out_p99_ms"] = TorturedCluster.Percentile(_outMs, 0.99);
        result["interrupted_pause_max_ms"] = TorturedCluster.Percentile(_interruptedMs, 1);
        return result;
    }

    private async Task StrikeAsync(TorturedCluster cluster, string home, Dictionary<string, string> shards, int done, CancellationToken cancellation)
    {
        var partition = cluster.Random.Next(TorturedCluster.DefaultPartitions);
        _places[partition] = (_places[partition] + 1 + cluster.Random.Next(Names.Length - 1)) % Names.Length;
        var target = Names[_places[partition]];
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var probe = new PauseProbe(cluster.Clients, partition).RunAsync(stop.Token, cancellation);
        // The second is one: a short run has met that. A kill that came too late was none, and the next move gets it.
        var isInterrupted = _isKillOwed || done % 3 == 1;
        if (isInterrupted)
        {
            _isKillOwed = !await KillAtAsync(Start(home, shards, partition, target), $"partition {partition}: {Steps[cluster.Random.Next(Steps.Length)]}", cancellation);
            _kills += _isKillOwed ? 0 : 1;
        }

        await using (var move = Start(home, shards, partition, target))
        {
            if (await move.WaitAsync(cancellation).WaitAsync(Patience, cancellation) != 0)
                throw new InvalidOperationException($"Moving partition {partition} to {target} failed: {move.Output}");
            var last = move.Output.Split('\n').Last(line => line.StartsWith('{'));
            if (!isInterrupted)
                _outMs.Add((double)JsonNode.Parse(last)!["out_max_ms"]!);
        }

        _moves++;
        await stop.CancelAsync();
        (isInterrupted ? _interruptedMs : _pauseMs).Add((await probe).TotalMilliseconds);
    }

    private static Child Start(string home, Dictionary<string, string> shards, int partition, string target) => Child.StartSelf(
        ["shards", "move", "--postgres", home, .. shards.SelectMany(shard => new[] { "--shard", $"{shard.Key}={shard.Value}" }), "--partition", $"{partition}", "--to", target, "--json", "-"]);

    /// <returns>Whether it was killed, and had not come to its end.</returns>
    private static async Task<bool> KillAtAsync(Child move, string step, CancellationToken cancellation)
    {
        await using (move)
        {
            while (!move.HasExited && !move.Output.Contains(step, StringComparison.Ordinal))
                await Task.Delay(1, cancellation);
            return await move.KillAsync() switch
            {
                null => true,
                0 => false,
                var code => throw new InvalidOperationException($"A move ended with {code}: {move.Output}"),
            };
        }
    }
}
