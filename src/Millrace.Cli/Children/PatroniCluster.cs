using System.Diagnostics;
using System.Text.Json;
using Millrace.Cli.Serve;
using Npgsql;

namespace Millrace.Cli.Children;

/// <summary>
/// A database of three PostgreSQL nodes that Patroni keeps: one leads, one is its synchronous standby, one waits to be either. In the strict mode nothing is
/// committed without a standby. Who leads is agreed on in etcd, of which one member is enough on one machine: it is not what is killed here.
/// </summary>
internal sealed class PatroniCluster : IAsyncDisposable
{
    private const int NodeCount = 3;
    private const string Etcd = "/usr/bin/etcd";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(2) };
    private readonly List<PatroniNode> _nodes = [];
    private readonly string _folder;
    private Child? _etcd;

    private PatroniCluster(string folder, string database) => (_folder, Database) = (folder, database);

    public string Database { get; }

    /// <summary>Names all nodes; whoever connects looks for the primary.</summary>
    public string ConnectionString => new NpgsqlConnectionStringBuilder
    {
        Host = string.Join(',', _nodes.Select(node => $"127.0.0.1:{node.Port}")), Username = PostgresPrograms.User, Database = Database,
        Timeout = 3, TargetSessionAttributes = "primary",
    }.ConnectionString;

    /// <param name="database">Made empty.</param>
    /// <exception cref="InvalidOperationException">A package is not installed, or the cluster did not form; the message says why.</exception>
    public static async Task<PatroniCluster> StartAsync(string database, CancellationToken cancellation)
    {
        var cluster = new PatroniCluster(await PostgresPrograms.NewFolderAsync(cancellation), database);
        try
        {
            var etcd = cluster.StartEtcd();
            for (var i = 0; i < NodeCount; i++)
                cluster._nodes.Add(new PatroniNode(cluster._folder, $"db-{i}", etcd));
            cluster._nodes.ForEach(node => node.Start());
            await cluster.UntilWholeAsync(cancellation);
            await using var source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={(await cluster.LeaderAsync(cancellation)).Port};Username={PostgresPrograms.User};Database=postgres");
            await using var create = source.CreateCommand($"CREATE DATABASE \"{database}\"");
            await create.ExecuteNonQueryAsync(cancellation);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public Task<PatroniNode> LeaderAsync(CancellationToken cancellation) => MemberAsync("leader", null, cancellation);

    public Task<PatroniNode> StandbyAsync(CancellationToken cancellation) => MemberAsync("sync_standby", null, cancellation);

    /// <summary>Until another node leads.</summary>
    public Task UntilOtherLeadsAsync(PatroniNode dead, CancellationToken cancellation) => MemberAsync("leader", dead, cancellation);

    /// <summary>Until another node is the synchronous standby.</summary>
    public Task UntilOtherStandsByAsync(PatroniNode dead, CancellationToken cancellation) => MemberAsync("sync_standby", dead, cancellation);

    /// <summary>Until all nodes run on the leader's timeline, and one of them is its synchronous standby.</summary>
    public async Task UntilWholeAsync(CancellationToken cancellation)
    {
        foreach (var node in _nodes)
        {
            await UntilAsync(async () => await node.IsHealthyAsync(_http, cancellation) ? node : null, cancellation);
        }

        await UntilAsync(async () => await ReadMembersAsync(cancellation) is { Count: NodeCount } members
            && members.TrueForAll(IsRunning)
            && members.Exists(member => Text(member, "role") == "leader") && members.Exists(member => Text(member, "role") == "sync_standby")
            && members.Select(member => Text(member, "timeline")).Distinct().Count() == 1
                ? members : null, cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        if (_etcd is not null)
            await _etcd.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private string StartEtcd()
    {
        if (!File.Exists(Etcd))
            throw new InvalidOperationException("etcd is not installed; on Debian: apt-get install etcd-server");
        var (client, peer) = ($"127.0.0.1:{FreePort.Find()}", $"http://127.0.0.1:{FreePort.Find()}");
        _etcd = Child.Start(PostgresPrograms.AsUser(Etcd,
        [
            "--name", "etcd", "--data-dir", Path.Combine(_folder, "etcd"), "--unsafe-no-fsync",
            "--listen-client-urls", $"http://{client}", "--advertise-client-urls", $"http://{client}",
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", $"etcd={peer}",
        ]));
        return client;
    }

    private Task<PatroniNode> MemberAsync(string role, PatroniNode? other, CancellationToken cancellation) => UntilAsync(
        async () => (await ReadMembersAsync(cancellation))
            .Where(member => Text(member, "role") == role && IsRunning(member))
            .Select(member => _nodes.First(node => node.Name == Text(member, "name"))).FirstOrDefault(node => node != other),
        cancellation);

    // Any of them may be dead; whoever answers has it from etcd.
    private async Task<List<JsonElement>> ReadMembersAsync(CancellationToken cancellation)
    {
        foreach (var node in _nodes)
        {
            if (await node.ReadClusterAsync(_http, cancellation) is { } answer && answer.TryGetProperty("members", out var members))
                return [.. members.EnumerateArray()];
        }

        return [];
    }

    private async Task<T> UntilAsync<T>(Func<Task<T?>> find, CancellationToken cancellation)
        where T : class
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < Patience; await Task.Delay(Pause, cancellation))
        {
            if (await find() is { } found)
                return found;
        }

        throw new InvalidOperationException(
            $"Patroni's cluster did not become what it should within {Patience.TotalSeconds:0} s: {string.Join('\n', _nodes.Select(node => $"{node.Name}: {node.Output}"))}");
    }

    private static bool IsRunning(JsonElement member) => Text(member, "state") is "running" or "streaming";

    private static string? Text(JsonElement member, string name) => member.TryGetProperty(name, out var value) ? value.ToString() : null;
}
