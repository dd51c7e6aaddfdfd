using System.Net;

namespace Millrace.Cluster.Orleans;

/// <summary>A node's place among others.</summary>
public sealed record ClusterNodeOptions
{
    /// <summary>As people call it; the same in its next life.</summary>
    public required string NodeName { get; init; }

    /// <summary>Nodes with the same one form a cluster.</summary>
    public string ClusterId { get; init; } = "millrace";

    /// <summary>Of the database that holds the members.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Where the other nodes reach this one.</summary>
    public IPEndPoint Endpoint { get; init; } = new(IPAddress.Loopback, 11111);

    /// <summary>The only address it listens on for them; null for <see cref="Endpoint"/> itself, without anything in between.</summary>
    public IPEndPoint? ListeningEndpoint { get; init; }

    /// <summary>How nodes know each other. Null: whoever reaches the endpoint is trusted, so it must not be reachable from outside.</summary>
    public ClusterTls? Tls { get; init; }
}
