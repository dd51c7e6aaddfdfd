using System.Net;
using Millrace.Cli.Children;
using Npgsql;

namespace Millrace.Cli.Torture;

/// <summary>The network of a cluster: every way from a node to the database, and to the other nodes, leads through a proxy that can be cut.</summary>
internal sealed class CutOffs : IAsyncDisposable
{
    private readonly List<TcpProxy> _toDatabase = [];
    private readonly List<TcpProxy> _toNode = [];

    /// <summary>What a node is started with.</summary>
    /// <param name="database">As the database is reached without a proxy.</param>
    /// <param name="address">Where the node itself listens for the others; they are told the proxy's.</param>
    public string[] Arguments(string database, string address)
    {
        var settings = new NpgsqlConnectionStringBuilder(database);
        var (toDatabase, toNode) = (new TcpProxy(new IPEndPoint(IPAddress.Loopback, settings.Port)), new TcpProxy(IPEndPoint.Parse(address)));
        _toDatabase.Add(toDatabase);
        _toNode.Add(toNode);
        settings.Port = toDatabase.Address.Port;
        return ["--postgres", settings.ConnectionString, "--cluster", toNode.Address.ToString(), "--cluster-listen", address];
    }

    /// <summary>The node reaches the other nodes, and no database.</summary>
    public void FromDatabase(int node, CutKind kind) => _toDatabase[node].CutOff(kind, static _ => true);

    /// <summary>The node reaches the database, and no other node, nor they it.</summary>
    /// <param name="process">The node's.</param>
    public void FromPeers(int node, int process, CutKind kind)
    {
        for (var i = 0; i < _toNode.Count; i++)
        {
            var here = _toNode[i].Address.Port;
            _toNode[i].CutOff(kind, i == node ? static _ => true : port => SocketOwner.Has(process, port, here));
        }
    }

    public void Heal()
    {
        foreach (var proxy in _toDatabase.Concat(_toNode))
            proxy.Heal();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _toDatabase.Concat(_toNode))
            await proxy.DisposeAsync();
    }
}
