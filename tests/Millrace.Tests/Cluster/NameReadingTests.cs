using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>A partition of a store that has names, started again.</summary>
public sealed class NameReadingTests : IAsyncLifetime
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MemoryDisk _disk = new(1);
    private ulong _ids;
    private OrderId _first;

    public async ValueTask InitializeAsync()
    {
        var store = new MemoryStore(_disk);
        using var runtime = Start(store, store);
        var router = await ServingAsync(runtime);
        await router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 0), "tea", null));
        await router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, "tea", "main", 100, "receipt", 7), "tea", null));
        _first = (await PlaceAsync(router, "old")).Order!.Id;
        await Eventually.Async(async () => await store.FindNameAsync(0, Given.Keyed("old").KeyHash, CancellationToken.None) == _first, "the name is stored");
        await runtime.StopAsync(0);
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    [Fact]
    public async Task A_partition_serves_while_its_names_are_read_and_then_looks_up_only_what_may_be_old()
    {
        var store = new MemoryStore(_disk);
        var reads = new NameReads(store);
        using var runtime = Start(store, reads);
        var router = await ServingAsync(runtime);

        Assert.Equal(ReplyStatus.Replayed, (await PlaceAsync(router, "old")).Status);
        Assert.Equal(ReplyStatus.Accepted, (await PlaceAsync(router, "new")).Status);
        Assert.Equal(2, reads.LookUps);
        Assert.Equal(ReplyStatus.Replayed, (await PlaceAsync(router, "new")).Status);

        reads.Release.SetResult();
        await UntilFreshKeysCostNoReadAsync(router, reads);
        var before = reads.LookUps;
        var again = await PlaceAsync(router, "old");
        Assert.Equal((ReplyStatus.Replayed, _first), (again.Status, again.Order!.Id));
        Assert.Equal(before + 1, reads.LookUps);
    }

    [Fact]
    public async Task A_read_of_names_that_fails_is_made_again()
    {
        var store = new MemoryStore(_disk);
        var reads = new NameReads(store) { Failures = [new StoreUnavailableException("away"), new OperationCanceledException("timed out"), new StoreUnavailableException("away")] };
        reads.Release.SetResult();
        using var runtime = Start(store, reads);
        var router = await ServingAsync(runtime);
        Assert.Equal(ReplyStatus.Replayed, (await PlaceAsync(router, "old")).Status);
        await UntilFreshKeysCostNoReadAsync(router, reads);
        Assert.Empty(reads.Failures);
        Assert.Equal(ReplyStatus.Replayed, (await PlaceAsync(router, "old")).Status);
    }

    [Fact]
    public async Task Names_that_come_after_their_partition_was_stopped_and_started_again_are_not_its_successors()
    {
        var store = new MemoryStore(_disk);
        var reads = new NameReads(store);
        using var runtime = Start(store, reads);
        await ServingAsync(runtime);
        await runtime.StopAsync(0).WaitAsync(TimeSpan.FromSeconds(10));
        runtime.Start(0);
        var router = await ServingAsync(runtime);
        Assert.Equal(ReplyStatus.Accepted, (await PlaceAsync(router, "new")).Status);
        reads.Release.SetResult();
        await UntilFreshKeysCostNoReadAsync(router, reads);
        Assert.Equal(ReplyStatus.Replayed, (await PlaceAsync(router, "new")).Status);
        Assert.Equal(ReplyStatus.Replayed, (await PlaceAsync(router, "old")).Status);
    }

    [Fact]
    public async Task A_node_ends_while_names_are_read()
    {
        var store = new MemoryStore(_disk);
        var runtime = Start(store, new NameReads(store));
        await ServingAsync(runtime);
        await Task.Run(runtime.Dispose).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_partition_whose_names_are_damaged_is_halted()
    {
        var store = new MemoryStore(_disk);
        var reads = new NameReads(store) { Failures = [new InvalidDataException("damaged")] };
        using var runtime = Start(store, reads);
        await ServingAsync(runtime);
        reads.Release.SetResult();
        await Eventually.Async(() => Task.FromResult(runtime.States[0] == PartitionState.Halted), "the partition is halted");
    }

    private PartitionRuntime Start(MemoryStore store, IReadModel reads)
    {
        // Every name is an older one as soon as it is stored.
        var options = new PartitionRuntimeOptions
        {
            Lanes = 1, Partition = new PartitionOptions { MaxRecentNames = 0, CheckpointEvery = TimeSpan.FromMilliseconds(50) },
        };
        var runtime = new PartitionRuntime(
            store, reads, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()),
            options, TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        runtime.Start(0);
        return runtime;
    }

    private static async Task<PartitionRouter> ServingAsync(PartitionRuntime runtime)
    {
        await Eventually.Async(() => Task.FromResult(runtime.IsReady), "the partition serves");
        return new PartitionRouter(runtime);
    }

    private async Task UntilFreshKeysCostNoReadAsync(PartitionRouter router, NameReads reads) => await Eventually.Async(
        async () =>
        {
            var before = reads.LookUps;
            Assert.Equal(ReplyStatus.Accepted, (await PlaceAsync(router, $"fresh{_ids}")).Status);
            return reads.LookUps == before;
        },
        "a fresh key costs no read");

    private async Task<PartitionReply> PlaceAsync(PartitionRouter router, string key) =>
        await router.SendAsync(new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, 0, ++_ids), Given.Keyed(key), Given.Shop));

    /// <summary>Gives names only when it is told to.</summary>
    private sealed class NameReads(IReadModel store) : IReadModel
    {
        private int _lookUps;

        public int LookUps => Volatile.Read(ref _lookUps);

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<Exception> Failures { get; init; } = [];

        public async ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation)
        {
            await Release.Task.WaitAsync(cancellation);
            if (Failures is [var failure, ..])
            {
                Failures.RemoveAt(0);
                throw failure;
            }

            await store.ReadNamesAsync(partition, take, cancellation);
        }

        public ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation)
        {
            Interlocked.Increment(ref _lookUps);
            return store.FindNameAsync(partition, hash, cancellation);
        }

        public ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint) => store.CheckpointAsync(checkpoint);

        public ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation) => store.ListAttentionAsync(tenant, most, cancellation);

        public ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation) => store.LoadPartitionAsync(partition, cancellation);

        public ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation) => store.FindOrderAsync(id, cancellation);

        public ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation) => store.ListOrdersAsync(query, cancellation);
    }
}
