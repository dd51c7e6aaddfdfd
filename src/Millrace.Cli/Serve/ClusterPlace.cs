using System.Net;
using Millrace.Cluster.Orleans;

namespace Millrace.Cli.Serve;

/// <summary>A node's place among others.</summary>
/// <param name="Endpoint">Where the other nodes reach this one.</param>
/// <param name="ListeningEndpoint">Where it listens for them; null for <paramref name="Endpoint"/> itself.</param>
/// <param name="Tls">How they know each other; null trusts whoever reaches the endpoint.</param>
public sealed record ClusterPlace(IPEndPoint Endpoint, IPEndPoint? ListeningEndpoint, ClusterTls? Tls);
