using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Cli.Serve;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cli.Serve;

/// <summary>What a service manager is told that is away for a while.</summary>
public sealed class ServiceManagerTests : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task A_service_manager_that_is_away_ends_no_node_and_is_told_as_soon_as_it_is_back()
    {
        var (time, away, log) = (new FakeTimeProvider(), new PassingManager { IsAway = true }, new CountedLog<ServiceManager>());
        await using var store = new MemoryStore(new MemoryDisk(1));
        using var runtime = new PartitionRuntime(
            store, store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()), new PartitionRuntimeOptions(), TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        runtime.Start(0);
        await Eventually.Async(() => Task.FromResult(runtime.IsReady), "it serves");
        using var manager = new ServiceManager(away, new PartitionRouter(runtime), time, log);
        await manager.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(() => away.Refused >= 3, "it is told again and again");
        Assert.Equal(1, log.Lines);

        away.IsAway = false;
        await UntilAsync(() => manager.ExecuteTask!.IsCompletedSuccessfully, "it was told");
        Assert.Equal(["READY=1"], away.Told);
        away.IsAway = true;
        await manager.StopAsync(CancellationToken.None);
        Assert.Equal(2, log.Lines);

        Task UntilAsync(Func<bool> isSo, string claim) => Eventually.Async(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.FromResult(isSo());
        }, claim);
    }

    private sealed class PassingManager : ISystemdNotifier
    {
        private volatile bool _isAway;
        private int _refused;

        public bool IsEnabled => true;

        public bool IsAway
        {
            set => _isAway = value;
        }

        public int Refused => Volatile.Read(ref _refused);

        public ConcurrentQueue<string> Told { get; } = new();

        public void Notify(ServiceState state)
        {
            if (_isAway)
            {
                Interlocked.Increment(ref _refused);
                throw new SocketException((int)SocketError.ConnectionRefused);
            }

            Told.Enqueue(state.ToString());
        }
    }
}
