using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Millrace.Cli.Serve;
using Millrace.Cluster;
using Millrace.Cluster.Orleans;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Orleans.Configuration;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class NodeTests
{
    // A message from another node may come at the very end. What throws then, throws on a thread of nobody's, and aborts the process.
    [Fact]
    public async Task What_is_logged_after_the_end_of_a_node_does_no_harm()
    {
        using var folder = new TemporaryFolder();
        var node = Node.Build(new NodeOptions { DataDirectory = folder["node"], Url = $"http://127.0.0.1:{FreePort.Find()}" });
        var late = node.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Orleans.Messaging");
        await node.StartAsync(TestContext.Current.CancellationToken);
        await node.StopAsync(TestContext.Current.CancellationToken);
        await node.DisposeAsync();
        late.LogError(new InvalidOperationException("late"), "A message could not be delivered.");
    }

    // A hand-over that is told of twice reaches the partition where it was to go. Whether a grain then stays or begins anew is the framework's, and was not always the same.
    [Fact]
    public async Task A_partition_that_is_told_to_go_where_it_is_is_found_there()
    {
        using var folder = new TemporaryFolder();
        await using var node = Node.Build(new NodeOptions { DataDirectory = folder["node"], Url = $"http://127.0.0.1:{FreePort.Find()}" });
        await Node.StartAsync(node, TestContext.Current.CancellationToken);
        var partition = node.Services.GetRequiredService<IGrainFactory>().GetGrain<IPartitionGrain>(3);
        await Eventually.Async(async () => await partition.EnsureActiveAsync() is not null, "it is owned");
        await partition.LeaveAsync(node.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress);
        await Eventually.Async(async () => await partition.EnsureActiveAsync() is not null && node.Services.GetRequiredService<PartitionRuntime>().IsHere(3), "it is owned again");
        await node.StopAsync(TestContext.Current.CancellationToken);
    }

    // The runtime below refuses to stop what had not begun to run; why it had not is what its operator must be told.
    [Fact]
    public async Task Why_a_node_does_not_start_is_told_and_not_what_came_of_stopping_it()
    {
        using var folder = new TemporaryFolder();
        await using var node = Node.Build(new NodeOptions { DataDirectory = folder["node"], Url = $"http://127.0.0.1:{FreePort.Find()}" });
        using var other = new TcpListener(IPAddress.Loopback, node.Services.GetRequiredService<IOptions<EndpointOptions>>().Value.SiloPort);
        other.Start();
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => Node.StartAsync(node, TestContext.Current.CancellationToken));
        Assert.Contains("address already in use", refused.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_node_of_which_a_part_has_failed_has_not_ended_well()
    {
        using var part = new Part();
        await part.StartAsync(TestContext.Current.CancellationToken);
        Assert.False(Node.HasFailed([part]));
        part.End.SetException(new InvalidOperationException("a defect"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => part.ExecuteTask!);
        Assert.True(Node.HasFailed([part]));
    }

    private sealed class Part : BackgroundService
    {
        public TaskCompletionSource End { get; } = new();

        protected override Task ExecuteAsync(CancellationToken stoppingToken) => End.Task;
    }

    [Fact]
    public void A_port_is_found_once()
    {
        var ports = Enumerable.Range(0, 500).Select(_ => FreePort.Find()).ToList();
        Assert.Equal(ports.Count, ports.Distinct().Count());
        Assert.All(ports, port => Assert.InRange(port, 23_000, 31_999));
        Assert.InRange(FreePort.FindOwn(), 20_000, 22_999);
    }
}
