using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Connections.Security;

namespace Millrace.Cluster.Orleans;

/// <summary>
/// Mutual TLS between nodes. A member is whoever holds a certificate of the cluster's own authority, whatever its name: nodes reach each other by
/// addresses that change, and one member may do anything anyway. So the authority signs nothing but nodes of this cluster.
/// </summary>
public sealed class ClusterTls
{
    private readonly X509Certificate2 _own;
    private readonly X509Certificate2Collection _authorities;

    private ClusterTls(X509Certificate2 own, X509Certificate2Collection authorities) => (_own, _authorities) = (own, authorities);

    /// <summary>The first end of this node's certificate and of the authorities': an authority that has ended makes its nodes strangers.</summary>
    public DateTimeOffset NotAfter => new(_authorities.Append(_own).Min(certificate => certificate.NotAfter.ToUniversalTime()), TimeSpan.Zero);

    /// <summary>Reads the files once: a node that is to show another certificate is started again.</summary>
    /// <param name="certificateFile">PEM of this node's certificate, good for server and client authentication.</param>
    /// <param name="keyFile">PEM of its private key, without a password.</param>
    /// <param name="authorityFile">PEM of the authority's certificate; of the old and the new one while they are exchanged.</param>
    /// <param name="tls">What the files hold.</param>
    /// <param name="fault">What is wrong with them, in words.</param>
    public static bool TryLoad(string certificateFile, string keyFile, string authorityFile, out ClusterTls? tls, out string? fault)
    {
        tls = null;
        try
        {
            var authorities = new X509Certificate2Collection();
            authorities.ImportFromPemFile(authorityFile);
            var loaded = new ClusterTls(X509Certificate2.CreateFromPemFile(certificateFile, keyFile), authorities);
            fault = authorities.Count == 0 ? $"'{authorityFile}' holds no certificate." : loaded.OwnFault(certificateFile);
            tls = fault is null ? loaded : null;
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            fault = unreadable.Message;
        }
        catch (ArgumentException)
        {
            fault = $"'{keyFile}' is not the key of '{certificateFile}'.";
        }

        return tls is not null;
    }

    internal void AddTo(ISiloBuilder silo) => silo.Services.AddOptions<SiloConnectionOptions>().Configure<ILogger<RefusedCertificates>, TimeProvider>((connections, logger, time) =>
    {
        var options = Options(new RefusedCertificates(logger, time));
        connections.ConfigureSiloInboundConnection(connection => connection.UseServerTls(options));
        connections.ConfigureSiloOutboundConnection(connection => connection.UseClientTls(options));
    });

    private TlsOptions Options(RefusedCertificates refusals) => new()
    {
        LocalCertificate = _own,
        RemoteCertificateMode = RemoteCertificateMode.RequireCertificate,
        ClientCertificateMode = RemoteCertificateMode.RequireCertificate,
        OnAuthenticateAsServer = (_, server) => ((SslServerAuthenticationOptions)server.SslServerAuthenticationOptions).CertificateChainPolicy = Policy(),
        OnAuthenticateAsClient = (_, client) => ((SslClientAuthenticationOptions)client.SslClientAuthenticationOptions).CertificateChainPolicy = Policy(),
        RemoteCertificateValidation = (certificate, _, errors) =>
        {
            var isMember = (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
            if (!isMember)
                refusals.Add(certificate);
            return isMember;
        },
    };

    // New for each connection: it is judged by the time of that moment. Nothing is fetched from addresses that a stranger's certificate names.
    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_authorities);
        return policy;
    }

    // Said at the start, and not by all others when this node asks to join.
    private string? OwnFault(string file)
    {
        foreach (var purpose in new[] { "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2" })
        {
            using var chain = new X509Chain { ChainPolicy = Policy() };
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(purpose));
            if (!chain.Build(_own))
                return $"The other nodes would refuse '{file}': {string.Join(' ', chain.ChainStatus.Select(status => status.StatusInformation.Trim()))}";
        }

        return null;
    }
}
