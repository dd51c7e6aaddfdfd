using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Payments;
using Millrace.Engine.Requests;
using Millrace.Storage.Memory;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

public sealed class RuntimeStopTests
{
    private const int Partitions = 8;
    private const int Orders = 500;

    // What throws on a lane's thread ends the process.
    [Fact]
    public async Task A_node_that_stops_with_payments_under_way_ends_in_good_order_and_answers_everybody()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        for (var round = 0; round < 10; round++)
        {
            var (store, gateway) = (new MemoryStore(new MemoryDisk(Partitions)), new HeldPayments());
            var runtime = new PartitionRuntime(store, store, gateway, new Catalog(), new LaneMetrics(services.GetRequiredService<IMeterFactory>()),
                new PartitionRuntimeOptions { Lanes = 2 }, TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
            var router = new PartitionRouter(runtime);
            for (var partition = 0; partition < Partitions; partition++)
                runtime.Start(partition);
            await Eventually.Async(() => Task.FromResult(router.IsReady), "all partitions serve");
            await router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 0), "tea", null));
            await router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, "tea", "main", 1_000_000, "receipt", 7), "tea", 7));
            await Task.WhenAll(Enumerable.Range(0, Orders).Select(i =>
            {
                var placement = Given.Keyed($"k{i}");
                return router.SendAsync(new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, runtime.Map.OwnerOfName(placement.KeyHash), (ulong)i + 1), placement, Given.Shop)).AsTask();
            }));
            await Eventually.Async(() => Task.FromResult(gateway.Held >= Orders / 2), "payments are under way");

            using var stop = new CancellationTokenSource();
            var asked = new List<Task>();
            using var isAsking = new ManualResetEventSlim();
            var asking = Task.Run(() =>
            {
                for (ulong i = 1; !stop.IsCancellationRequested; i++)
                {
                    asked.Add(router.SendAsync(new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, (int)(i % Partitions), i), Given.Acme)).AsTask());
                    isAsking.Set();
                }
            });
            isAsking.Wait(TestContext.Current.CancellationToken);
            runtime.Dispose();
            await stop.CancelAsync();
            await asking;
            await Task.WhenAll(asked).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Each ends when the node does.</summary>
    private sealed class HeldPayments : IPaymentGateway
    {
        private int _held;

        public int Held => Volatile.Read(ref _held);

        public async ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _held);
            await Task.Delay(Timeout.Infinite, cancellation);
            return new PaymentOutcome.Unknown("never");
        }
    }
}
