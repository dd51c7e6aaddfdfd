using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Client;
using Millrace.Cli.Verify;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Torture;

/// <summary>Real nodes over a real database, shoppers at all of them, and in the end everybody's records compared.</summary>
internal sealed class TorturedCluster : IAsyncDisposable
{
    public const int DefaultPartitions = 64;
    private const long ScarceUnits = 300;

    // A node waits ten seconds for a commit and five for another node, and may stand still for ten.
    private static readonly TimeSpan RequestLimit = TimeSpan.FromSeconds(20);
    private const string Secret = "of this run only";
    private readonly string _folder;
    private readonly string _database;
    private readonly IReadOnlyDictionary<string, string>? _shards;
    private readonly int _shoppers;
    private readonly int _seed;
    private readonly int _partitions;
    private readonly string _key;
    private readonly AckRecord _told;
    private readonly PspProcess _psp;
    private readonly ConcurrentQueue<string> _complaints = new();
    private int _takenForDead;

    private TorturedCluster(string folder, string database, IReadOnlyDictionary<string, string>? shards, int shoppers, int seed, int partitions, string key, PspProcess psp)
    {
        (_folder, _database, _shards, _shoppers, _seed, _partitions, _key, _psp) = (folder, database, shards, shoppers, seed, partitions, key, psp);
        _told = new AckRecord(Path.Combine(folder, "acknowledged.txt"));
        Random = new Random(seed);
    }

    public Random Random { get; }

    public List<NodeProcess> Nodes { get; } = [];

    /// <summary>One to each node.</summary>
    public List<HttpClient> Clients { get; } = [];

    /// <param name="database">As whoever verifies it reaches it.</param>
    /// <param name="arguments">Of a node's <c>serve</c>, by its number and its address among the nodes: where it finds the database and the others.</param>
    /// <param name="shards">Further databases of the store, by name.</param>
    /// <param name="partitions">Of the store.</param>
    public static async Task<TorturedCluster> StartAsync(
        int nodes, string folder, string database, Func<int, string, string[]> arguments, int shoppers, int seed, CancellationToken cancellation,
        IReadOnlyDictionary<string, string>? shards = null, int partitions = DefaultPartitions)
    {
        var ports = Enumerable.Range(0, 2 * nodes).Select(_ => Serve.FreePort.Find()).ToArray();
        var psp = await PspProcess.StartAsync(Path.Combine(folder, "psp"), new Uri($"http://127.0.0.1:{ports[0]}/v1/psp/psp/webhooks"), Secret, cancellation);
        var key = await KeyAdministration.MakeAsync(null, database, "torture", "torture", Scopes.Admin | Scopes.SystemOperate, cancellation, partitions);
        var cluster = new TorturedCluster(folder, database, shards, shoppers, seed, partitions, key, psp);
        try
        {
            for (var i = 0; i < nodes; i++)
            {
                var node = new NodeProcess(
                    ["--node-name", $"node-{i}", "--psp", psp.Url.ToString(), .. AuditorComplaints.Arguments, .. BreakComplaints.Arguments, .. arguments(i, $"127.0.0.1:{ports[nodes + i]}"),
                        .. (shards ?? new Dictionary<string, string>()).SelectMany(shard => new[] { "--shard", $"{shard.Key}={shard.Value}" })],
                    Secret, ports[i]);
                cluster.Nodes.Add(node);
                var http = new HttpClient { BaseAddress = node.Url, Timeout = RequestLimit };
                http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
                cluster.Clients.Add(http);
                await node.StartAsync(cancellation);
            }

            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Watches all partitions through some of the nodes, beginning now.</summary>
    public FailoverProbe Probe(IReadOnlyList<HttpClient> nodes) => new(nodes, _partitions, _complaints.Enqueue);

    /// <summary>Strikes under load until <paramref name="total"/> faults are done; then all is well again, and must come to rest.</summary>
    /// <returns>What every torture reports.</returns>
    public async Task<JsonObject> RunAsync(int total, Func<int, Task> strike, CancellationToken cancellation)
    {
        using (var client = new MillraceClient(Nodes[0].Url, _key))
            await TortureShop.StockAsync(client, ScarceUnits, cancellation);
        var shoppers = Enumerable.Range(0, _shoppers).Select(number => new TortureClient(Clients, _told, number, _seed, cancellation)).ToArray();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var load = Task.WhenAll(shoppers.Select(shopper => Task.Run(() => shopper.RunAsync(stop.Token), CancellationToken.None)));
        var follower = new FeedFollower(Clients);
        var following = follower.RunAsync(stop.Token);
        var done = 0;
        await Progressing.RunAsync("faults", total, () => done, async () =>
        {
            for (; done < total; done++)
            {
                await PspFaults.SetAnyAsync(_psp.Url, Random, cancellation);
                await Task.Delay(Random.Next(500, 2_000), cancellation);
                // On a machine that is short of processors a node may have been taken for dead, and ended itself: as whoever runs it would, it is started again.
                await UntilServingAsync(cancellation);
                await strike(done);
            }
        });
        await stop.CancelAsync();
        await Task.WhenAll(load, following);

        await PspFaults.ClearAsync(_psp.Url, cancellation);
        await UntilServingAsync(cancellation);
        var (lost, stuck) = await Drain.RunAsync(_told, shoppers, cancellation);
        await follower.CompareAsync(_told.ReadAll(), cancellation);
        foreach (var client in Clients)
        {
            foreach (var complaint in await AuditorComplaints.OfAsync(client, cancellation))
                _complaints.Enqueue(complaint);
        }

        foreach (var complaint in await BreakComplaints.OfAsync(Clients[0], cancellation))
            _complaints.Enqueue(complaint);
        foreach (var node in Nodes)
            await node.StopAsync(cancellation);
        var report = await StoreVerification.RunPostgresAsync(_database, _psp.Url, cancellation, isDrained: true, _shards);
        return Result(report, lost, stuck, follower.Followed, [.. _complaints, .. follower.Complaints, .. shoppers.SelectMany(shopper => shopper.Complaints)]);
    }

    /// <summary>All nodes serve: those that have ended themselves are started again.</summary>
    public async Task UntilServingAsync(CancellationToken cancellation)
    {
        foreach (var node in Nodes)
        {
            await node.UntilServingAsync(cancellation);
            Note(await node.StartAgainAsync(TimeSpan.FromMilliseconds(1), cancellation));
        }
    }

    /// <summary>A node ended without having been told to: one that was taken for dead does so, any other has crashed.</summary>
    public void Note(OwnEnd? end)
    {
        if (end is { IsOfOneTakenForDead: true })
            _takenForDead++;
        else if (end is not null)
            _complaints.Enqueue($"A node {end}");
    }

    /// <returns>Null of nothing, which is no speed.</returns>
    public static double? Percentile(List<double> values, double share)
    {
        if (values.Count == 0)
            return null;
        values.Sort();
        return Math.Round(values[(int)Math.Min(values.Count - 1, values.Count * share)]);
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < Nodes.Count; i++)
        {
            await File.WriteAllTextAsync(Path.Combine(_folder, $"node-{i}.log"), Nodes[i].Output, CancellationToken.None);
            await Nodes[i].DisposeAsync();
        }

        Clients.ForEach(client => client.Dispose());
        await _psp.DisposeAsync();
        _told.Dispose();
    }

    private JsonObject Result(CheckReport report, int lost, int stuck, int followed, string[] complaints)
    {
        foreach (var complaint in complaints.Take(20))
            Console.Out.WriteLine(complaint);
        if (report.ViolationCount > 0)
            Console.Out.WriteLine(string.Join('\n', report.Violations.Take(20).Select(v => $"violation of {v.Invariant}: {v.Subject} {v.What}")));
        long Of(string status) => report.OrdersByStatus.GetValueOrDefault(status);
        return new JsonObject
        {
            ["acknowledged"] = _told.Count,
            ["confirmed"] = Of("confirmed") + Of("completed"),
            ["rejected"] = Of("rejected"),
            ["canceled"] = Of("canceled"),
            ["events_followed"] = followed,
            ["taken_for_dead"] = _takenForDead,
            ["lost"] = lost,
            ["stuck"] = stuck,
            ["double_charges"] = report.CountOf(3),
            ["oversold"] = report.CountOf(4),
            ["violations"] = report.ViolationCount + complaints.Length + stuck + lost + Math.Abs(report.Orders - _told.Count),
            ["seed"] = _seed,
        };
    }
}
