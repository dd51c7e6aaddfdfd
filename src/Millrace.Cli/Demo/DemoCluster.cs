using System.Net;
using Millrace.Cli.Children;
using Millrace.Cli.Serve;
using Millrace.OperatorConsole;

namespace Millrace.Cli.Demo;

/// <summary>
/// The demo's other nodes, over a PostgreSQL of its own: processes that a visitor may kill, and that are started again a while later. The node that serves
/// the demo's page is this process, and goes on.
/// </summary>
internal sealed class DemoCluster : IAsyncDisposable
{
    public const int MostNodes = 5;
    private const string FirstName = "node-1";
    private static readonly TimeSpan Absence = TimeSpan.FromSeconds(10);
    private readonly PostgresServer _postgres;
    private readonly Dictionary<string, NodeProcess> _others = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _over = new();
    private readonly List<Task> _watching = [];

    private DemoCluster(PostgresServer postgres) => _postgres = postgres;

    /// <summary>What of the first node's options makes it one of the cluster.</summary>
    public required NodeOptions First { get; init; }

    public string Database => First.Postgres!;

    public IEnumerable<Uri> OtherUrls => _others.Values.Select(node => node.Url);

    /// <summary>A new database, in which there are no orders.</summary>
    public static async Task<DemoCluster> StartAsync(CancellationToken stop)
    {
        var postgres = await PostgresServer.StartAsync(null, stop);
        try
        {
            var database = await postgres.CreateDatabaseAsync("demo", stop);
            return new DemoCluster(postgres)
            {
                First = new NodeOptions { Postgres = database, NodeName = FirstName, Cluster = new ClusterPlace(new IPEndPoint(IPAddress.Loopback, FreePort.Find()), null, null) },
            };
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts the others, once the first runs.</summary>
    /// <param name="nodes">In all, with the first.</param>
    public void StartOthers(int nodes, Uri psp, string webhookSecret)
    {
        for (var number = 2; number <= nodes; number++)
        {
            var name = $"node-{number}";
            var node = new NodeProcess(["--node-name", name, "--psp", psp.ToString(), "--reconcile-after", $"{DemoCommand.ReconcileAfter:c}", "--postgres", Database, "--cluster", $"127.0.0.1:{FreePort.Find()}"], webhookSecret, FreePort.Find());
            _others.Add(name, node);
            node.Launch();
            _watching.Add(StartAgainAsync(name, node));
        }
    }

    public DemoNodes Nodes => new(
        () => [.. _others.Select(other => new DemoNode(other.Key, other.Value.Url, other.Value.IsRunning))],
        async name =>
        {
            if (!_others.TryGetValue(name, out var node) || !node.IsRunning)
                return false;
            await node.KillAsync();
            return true;
        });

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await Task.WhenAll(_watching);
        foreach (var node in _others.Values)
            await node.DisposeAsync();
        await _postgres.DisposeAsync();
        _over.Dispose();
    }

    private async Task StartAgainAsync(string name, NodeProcess node)
    {
        try
        {
            while (true)
            {
                while (node.IsRunning)
                    await Task.Delay(100, _over.Token);
                await Console.Error.WriteLineAsync($"{name} has ended; it is started again in {Absence.TotalSeconds:F0} s");
                await Task.Delay(Absence, _over.Token);
                await node.KillAsync();
                node.Launch();
            }
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // The end of the demo.
        }
    }
}
