using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Millrace.Cluster.Lanes;
using Orleans.Configuration;

namespace Millrace.Cluster.Orleans;

/// <summary>Composes the cluster part of a node. The caller registers the journal, the read model and the gateway.</summary>
public static class ClusterHosting
{
    /// <summary>One node on its own: a silo that nobody else joins, bound to loopback, with a cluster id of its own so that
    /// nothing of an earlier run is waited for.</summary>
    /// <param name="host">The node's host.</param>
    /// <param name="options">What the operator set.</param>
    /// <param name="siloPort">A free port on loopback.</param>
    public static IHostBuilder UseSingleNode(this IHostBuilder host, PartitionRuntimeOptions options, int siloPort)
    {
        host.ConfigureServices(services =>
        {
            services.AddSingleton(options);
            services.AddSingleton<Catalog>();
            services.AddSingleton<LaneMetrics>();
            services.AddSingleton<PartitionRuntime>();
            services.AddSingleton<PartitionRouter>();
        });
        host.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(siloPort, gatewayPort: 0, serviceId: "millrace", clusterId: $"single-{Environment.ProcessId}");
            silo.Configure<EndpointOptions>(endpoint => endpoint.AdvertisedIPAddress = System.Net.IPAddress.Loopback);
        });
        // After the silo: hosted services start in order and stop in reverse.
        return host.ConfigureServices(services => services.AddHostedService<PartitionSupervisor>());
    }
}
