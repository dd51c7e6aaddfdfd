using System.CommandLine;
using System.Net;
using Millrace.Cli.Client;
using Millrace.Cluster.Orleans;

namespace Millrace.Cli.Serve;

/// <summary><c>--cluster</c> and what belongs to it. What nodes say to each other moves money: off loopback it has TLS, unless somebody insists.</summary>
internal sealed class ClusterPlaceOptions
{
    private readonly Option<string?> _cluster = new("--cluster") { Description = "ADDRESS:PORT where the cluster's other nodes reach this one; needs --postgres. Off loopback it needs certificates too." };
    private readonly Option<string?> _listen = new("--cluster-listen") { Description = "ADDRESS:PORT of this machine that --cluster leads to, where something lies in between. Default: --cluster." };
    private readonly Option<string?> _certificate = new("--cluster-cert") { Description = "PEM file of this node's certificate, which it shows to the other nodes." };
    private readonly Option<string?> _key = new("--cluster-key") { Description = "PEM file of that certificate's private key." };
    private readonly Option<string?> _authority = new("--cluster-ca") { Description = "PEM file of the cluster's own authority: who holds a certificate of it is a node." };
    private readonly Option<bool> _insecure = new("--cluster-insecure") { Description = "Without certificates off loopback: whoever reaches the address owns the orders." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _cluster, _listen, _certificate, _key, _authority, _insecure })
            command.Options.Add(option);
    }

    /// <returns>Null for a node on its own.</returns>
    /// <exception cref="UsageException">They do not fit together, or a file does not hold what it should.</exception>
    public ClusterPlace? Read(ParseResult arguments)
    {
        var (endpoint, listening, tls) = (Parse(arguments, _cluster), Parse(arguments, _listen), ReadTls(arguments));
        if (endpoint is null)
        {
            return listening is null && tls is null
                ? null
                : throw new UsageException($"{(listening is null ? _certificate : _listen).Name} needs {_cluster.Name}: where the other nodes reach this one.");
        }

        var isLocal = IPAddress.IsLoopback(endpoint.Address) && (listening is null || IPAddress.IsLoopback(listening.Address));
        if (tls is null && !isLocal && !arguments.GetValue(_insecure))
        {
            throw new UsageException(
                $"Whoever reaches {listening ?? endpoint} could act as a node: give {_certificate.Name}, {_key.Name} and {_authority.Name} (docs/cluster.md), or {_insecure.Name} if only nodes reach it.");
        }

        return new ClusterPlace(endpoint, listening, tls);
    }

    private ClusterTls? ReadTls(ParseResult arguments)
    {
        var (certificate, key, authority) = (arguments.GetValue(_certificate), arguments.GetValue(_key), arguments.GetValue(_authority));
        if (certificate is null && key is null && authority is null)
            return null;
        if (certificate is null || key is null || authority is null)
            throw new UsageException($"{_certificate.Name}, {_key.Name} and {_authority.Name} go together.");
        return ClusterTls.TryLoad(certificate, key, authority, out var tls, out var fault) ? tls : throw new UsageException(fault!);
    }

    // A wildcard would let everybody in.
    private static IPEndPoint? Parse(ParseResult arguments, Option<string?> option)
    {
        var text = arguments.GetValue(option);
        if (text is null)
            return null;
        if (IPEndPoint.TryParse(text, out var endpoint) && endpoint.Port != 0 && !endpoint.Address.Equals(IPAddress.Any) && !endpoint.Address.Equals(IPAddress.IPv6Any))
            return endpoint;
        throw new UsageException($"{option.Name} '{text}' is no ADDRESS:PORT of this machine, such as 10.0.0.5:11111.");
    }
}
