using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Millrace.Cluster.Administration;
using Millrace.Cluster.Lanes;
using Millrace.Cluster.Peers;
using Millrace.Engine.Administration;
using Orleans.Configuration;

namespace Millrace.Cluster.Orleans;

/// <summary>Composes the cluster part of a node. The caller registers the journal, the read model, the <see cref="AuditLog"/> and the gateway, and where several nodes share a store a <see cref="ClusterSettings"/>.</summary>
public static class ClusterHosting
{
    /// <summary>One node on its own: a silo that nobody else joins, bound to loopback, with a cluster id of its own so that
    /// nothing of an earlier run is waited for.</summary>
    /// <param name="host">The node's host.</param>
    /// <param name="options">What the operator set.</param>
    /// <param name="nodeName">As lists of nodes and partitions show it.</param>
    /// <param name="siloPort">A free port on loopback.</param>
    public static IHostBuilder UseSingleNode(this IHostBuilder host, PartitionRuntimeOptions options, string nodeName, int siloPort) => host.UseNode(options, nodeName, silo =>
    {
        silo.UseLocalhostClustering(siloPort, gatewayPort: 0, serviceId: "millrace", clusterId: $"single-{Environment.ProcessId}");
        silo.Configure<SiloOptions>(o => o.SiloName = nodeName);
        silo.Configure<EndpointOptions>(endpoint => endpoint.AdvertisedIPAddress = System.Net.IPAddress.Loopback);
    });

    /// <summary>One of several nodes over one database.</summary>
    public static IHostBuilder UseCluster(this IHostBuilder host, PartitionRuntimeOptions options, ClusterNodeOptions cluster) => host.UseNode(options, cluster.NodeName, silo =>
    {
        silo.UseAdoNetClustering(members =>
        {
            members.Invariant = "Npgsql";
            members.ConnectionString = cluster.ConnectionString;
        });
        silo.Configure<ClusterOptions>(o => (o.ServiceId, o.ClusterId) = ("millrace", cluster.ClusterId));
        silo.Configure<SiloOptions>(o => o.SiloName = cluster.NodeName);
        // Bound to the one address, and to no wildcard; no gateway: nobody but nodes speaks this protocol.
        silo.Configure<EndpointOptions>(o =>
        {
            (o.AdvertisedIPAddress, o.SiloPort, o.GatewayPort) = (cluster.Endpoint.Address, cluster.Endpoint.Port, 0);
            o.SiloListeningEndpoint = cluster.ListeningEndpoint ?? cluster.Endpoint;
        });
        cluster.Tls?.AddTo(silo);
        silo.Configure<ClusterMembershipOptions>(o =>
        {
            // It would grow to four times as much with what it learns, and a node that stands still would be missed for eleven seconds.
            o.ProbeTimeout = o.MinProbeTimeout = o.MaxProbeTimeout = TimeSpan.FromMilliseconds(700);
            // A third node's word comes too late to help; the journal's fence bears a wrong one.
            o.EnableIndirectProbes = false;
            o.NumMissedProbesLimit = 3;
            // With one, a node that is cut off from all others but not from the table has them all declared dead. Where two are left, one is enough.
            o.NumVotesForDeathDeclaration = 2;
            // What one node said in a bad moment must not be half of a verdict much later.
            o.DeathVoteExpirationTimeout = TimeSpan.FromSeconds(10);
            o.TableRefreshTimeout = TimeSpan.FromSeconds(5);
            o.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
            // After the death of all, the first to come back must not wait for those that will never answer.
            o.NumMissedTableIAmAliveLimit = 2;
            o.MaxJoinAttemptTime = TimeSpan.FromSeconds(30);
            o.DefunctSiloExpiration = TimeSpan.FromHours(1);
            o.DefunctSiloCleanupPeriod = TimeSpan.FromMinutes(10);
        });
        // A call that is on its way to a node that dies must not outlast the failover.
        silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(3));
    });

    private static IHostBuilder UseNode(this IHostBuilder host, PartitionRuntimeOptions options, string name, Action<ISiloBuilder> configure)
    {
        host.ConfigureServices(services =>
        {
            services.AddSingleton(options);
            services.AddSingleton<Catalog>();
            services.AddSingleton<LaneMetrics>();
            services.AddSingleton<PartitionRuntime>();
            services.AddSingleton<PartitionRouter>();
            services.AddSingleton<Drained>();
            services.AddSingleton(s => new ClusterOperations(
                s.GetRequiredService<PartitionRuntime>(), s.GetRequiredService<IClusterMembershipService>(), s.GetRequiredService<IGrainFactory>(), s.GetService<ClusterSettings>(), s.GetRequiredService<Drained>(), s.GetRequiredService<AuditLog>(),
                s.GetRequiredService<NodeVersions>()));
            services.AddSingleton(s => new NodeVersions(
                s.GetRequiredService<IRecords>(), () => NodeVersions.KeyOf(s.GetRequiredService<ILocalSiloDetails>().SiloAddress),
                () => s.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values.Where(m => m.Status != SiloStatus.Dead).Select(m => NodeVersions.KeyOf(m.SiloAddress)).ToHashSet(StringComparer.Ordinal),
                s.GetRequiredService<ILogger<NodeVersions>>()));
            services.AddSingleton(s =>
            {
                var grains = s.GetRequiredService<IGrainFactory>();
                // A node's next life has another name: what is meant for this one never reaches it.
                return new PeerLinks(
                    NodePlacement.NameOf(name, s.GetRequiredService<ILocalSiloDetails>().SiloAddress), s.GetRequiredService<PartitionRuntime>(),
                    (node, envelope) => SendAsync(grains, s.GetRequiredService<PeerLinks>().Self, node, envelope),
                    s.GetRequiredService<TimeProvider>(), s.GetRequiredService<ILogger<PeerLinks>>());
            });
        });
        // Before the silo: a node that is drained must know when it is first asked to own something.
        host.ConfigureServices(services => services.AddHostedService(s =>
        {
            s.GetRequiredService<AuditLog>().Add(s.GetRequiredService<Drained>());
            return ActivatorUtilities.CreateInstance<AuditReader>(s);
        }));
        host.UseOrleans(silo =>
        {
            configure(silo);
            silo.Services.AddPlacementDirector<RendezvousPlacement, RendezvousDirector>();
            silo.Services.AddPlacementDirector<NodePlacement, NodeDirector>();
        });
        // After the silo: hosted services start in order and stop in reverse.
        return host.ConfigureServices(services => services.AddHostedService(s => s.GetRequiredService<NodeVersions>()).AddHostedService<PartitionSupervisor>());
    }

    private static Task SendAsync(IGrainFactory grains, string self, string node, byte[] envelope) =>
        grains.GetGrain<INodeGrain>(node).ReceiveAsync(self, envelope);
}
