using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Partitions;
using Millrace.Engine.Payments;
using Millrace.Engine.ReadModel;
using Millrace.Engine.Requests;
using Millrace.Storage.Memory;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>The age of the oldest order that should move, over real partitions whose provider answers when the test says so.</summary>
public sealed class BacklogTests : IDisposable
{
    // A minute after the clock began, which these tests are done with long before.
    private const long LaterMs = Given.NowMs + 60_000;
    private static readonly TimeSpan Old = TimeSpan.FromSeconds(15);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MemoryStore _store = new(new MemoryDisk(2));
    private readonly WaitingGateway _psp = new();
    private readonly TimeProvider _time = new ClockFrom(Given.NowMs);
    private PartitionRuntime _runtime;
    private ulong _ids;

    public BacklogTests() => _runtime = NewRuntime();

    public void Dispose()
    {
        _psp.Answer.TrySetResult(new PaymentOutcome.Unknown("stopping"));
        _runtime.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task An_order_whose_payment_is_not_answered_is_as_old_as_it_is_until_it_is_answered()
    {
        await StartAsync(0, 1);
        await StockAsync();
        Assert.Equal(TimeSpan.Zero, Age());
        await PlaceAsync();
        await IsOldAsync();
        Assert.Equal(1, _runtime.Backlog.Count);
        await StageIsAsync(BacklogStage.Payment);
        _psp.Answer.SetResult(new PaymentOutcome.Succeeded("ok"));
        await NothingWaitsAsync();
        Assert.Equal(0, _runtime.Backlog.Count);
        Assert.All(_runtime.Backlog.Stages(LaterMs), stage => Assert.Equal(default, stage));
    }

    [Fact]
    public async Task A_capture_that_is_not_answered_waits_for_the_provider_though_its_order_is_confirmed()
    {
        await StartAsync(0, 1);
        await StockAsync();
        var id = await PlaceAsync();
        _psp.Answer.SetResult(new PaymentOutcome.Succeeded("ok"));
        // By its checkpoint: that nothing is in the backlog may only mean that it was not seen yet.
        await Eventually.Async(async () => (await _store.FindOrderAsync(id, TestContext.Current.CancellationToken))?.Status == OrderStatus.Confirmed, "it is confirmed");
        _psp.Answer = new TaskCompletionSource<PaymentOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        await ChangeAsync(id, new OrderCommand.Ship("carrier", "1"));
        await Eventually.AsyncOf(
            () => Task.FromResult(_runtime.Backlog.Stages(LaterMs)), stages => stages[(int)BacklogStage.Payment].Count == 1 && stages.Sum(stage => stage.Count) == 1, "it waits for its capture");
    }

    [Fact]
    public async Task A_restart_forgets_nothing_that_should_move()
    {
        await StartAsync(0, 1);
        await StockAsync();
        await PlaceAsync();
        await IsOldAsync();
        // Nothing of the order changes after this: only recovery tells of it.
        _runtime.Dispose();
        _runtime = NewRuntime();
        Assert.Equal(TimeSpan.Zero, Age());
        await StartAsync(0, 1);
        await IsOldAsync();
    }

    [Fact]
    public async Task An_order_that_came_through_a_node_whose_clock_is_wrong_is_no_older_than_it_is()
    {
        await StartAsync(0, 1);
        await StockAsync();
        await PlaceAsync(idAtMs: Given.NowMs - 3_600_000);
        await IsOldAsync();
        await StageIsAsync(BacklogStage.Payment);
        _runtime.Dispose();
        _runtime = NewRuntime();
        await StartAsync(0, 1);
        await IsOldAsync();
    }

    [Fact]
    public async Task A_partition_that_is_given_up_takes_its_orders_along()
    {
        await StartAsync(0, 1);
        await StockAsync();
        var id = await PlaceAsync();
        await IsOldAsync();
        await _runtime.StopAsync(id.Partition);
        Assert.Equal(0, _runtime.Backlog.Count);
    }

    [Fact]
    public async Task A_partition_that_is_given_up_while_it_recovers_leaves_nothing_behind()
    {
        await StartAsync(0, 1);
        await StockAsync();
        var id = await PlaceAsync();
        await IsOldAsync();
        _runtime.Dispose();
        var reads = new HeldReads(_store);
        _runtime = NewRuntime(reads);
        _runtime.Start(id.Partition);
        await reads.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        await _runtime.StopAsync(id.Partition);
        reads.Release.SetResult();
        // Behind what came of that reading.
        await StartAsync(1 - id.Partition);
        await reads.Answered.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal((0, TimeSpan.Zero), (_runtime.Backlog.Count, Age()));
    }

    [Fact]
    public async Task A_hold_that_ended_when_time_began_is_no_payment_that_nobody_answers()
    {
        await StartAsync(0, 1);
        await StockAsync();
        var id = await PlaceAsync();
        _psp.Answer.SetResult(new PaymentOutcome.Succeeded("ok"));
        var confirmed = await Eventually.AsyncOf(async () => await _store.FindOrderAsync(id, TestContext.Current.CancellationToken), row => row?.Status == OrderStatus.Confirmed, "it is confirmed");
        await ChangeAsync(id, new OrderCommand.PlaceHold("h1", "fraud", null, 0));
        await Eventually.Async(async () => (await _store.FindOrderAsync(id, TestContext.Current.CancellationToken))?.Version == confirmed!.Value.Version + 2, "the hold was placed and has ended");
        Assert.All(_runtime.Backlog.Stages(LaterMs), stage => Assert.Equal(default, stage));
    }

    [Fact]
    public async Task An_order_on_hold_waits_for_a_person_and_not_for_us()
    {
        // Its stock belongs to a partition that does not answer: it is not even paying yet.
        var away = _runtime.Map.OwnerOfSku(Given.Acme, "tea");
        await StartAsync(1 - away);
        var id = await PlaceAsync(1 - away);
        await IsOldAsync();
        await StageIsAsync(BacklogStage.Stock);
        await ChangeAsync(id, new OrderCommand.PlaceHold("h1", "fraud", null, null));
        await NothingWaitsAsync();
        Assert.All(_runtime.Backlog.Stages(LaterMs), stage => Assert.Equal(default, stage));
        // Let go on just now: the minute before was the person's.
        await ChangeAsync(id, new OrderCommand.ReleaseHold("h1"));
        await IsLetGoOnAsync(BacklogStage.Stock);
    }

    [Fact]
    public async Task A_parked_order_that_goes_on_is_as_old_as_its_going_on()
    {
        await StartAsync(0, 1);
        await StockAsync();
        var id = await PlaceAsync();
        await IsOldAsync();
        await ChangeAsync(id, new OrderCommand.Park("poison", "Its rules fail."));
        await NothingWaitsAsync();
        Assert.Equal(0, _runtime.Backlog.Count);
        await ChangeAsync(id, new OrderCommand.Resume(null));
        await IsLetGoOnAsync(BacklogStage.Payment);
    }

    private async Task IsLetGoOnAsync(BacklogStage expected)
    {
        var at = _runtime.NowMs;
        var stages = await Eventually.AsyncOf(
            () => Task.FromResult(_runtime.Backlog.Stages(at + 60_000)), all => all[(int)expected].Count == 1, $"it waits for {expected}");
        Assert.InRange(stages[(int)expected].OldestAge, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(90));
        Assert.InRange(_runtime.Backlog.OldestAge(at + 60_000), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(90));
    }

    private TimeSpan Age() => _runtime.Backlog.OldestAge(LaterMs);

    private Task IsOldAsync() => Eventually.AsyncOf(() => Task.FromResult(Age()), age => age > Old && age <= TimeSpan.FromMinutes(1), "the oldest is almost a minute old");

    private Task NothingWaitsAsync() => Eventually.AsyncOf(() => Task.FromResult(Age()), age => age == TimeSpan.Zero, "nothing waits");

    // One order alone, a minute old. A young one is in no stage yet.
    private async Task StageIsAsync(BacklogStage expected)
    {
        var stages = await Eventually.AsyncOf(
            () => Task.FromResult(_runtime.Backlog.Stages(LaterMs)), all => all[(int)expected].Count == 1, $"it waits for {expected}");
        Assert.InRange(stages[(int)expected].OldestAge, Old, TimeSpan.FromMinutes(1));
        Assert.Equal(1, stages.Sum(stage => stage.Count));
        Assert.Equal(1, _runtime.Backlog.Stages(Given.NowMs + 2_000).Sum(stage => stage.Count));
    }

    private async Task StartAsync(params int[] partitions)
    {
        foreach (var partition in partitions)
            _runtime.Start(partition);
        await Eventually.Async(() => Task.FromResult(Array.TrueForAll(partitions, _runtime.IsHere)), "they serve");
    }

    private async Task StockAsync()
    {
        var router = new PartitionRouter(_runtime);
        await router.SendAsync(new PartitionRequest.ChangeStock(new Millrace.Domain.Stock.StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 0), "tea", null));
        await router.SendAsync(new PartitionRequest.ChangeStock(new Millrace.Domain.Stock.StockCommand.Adjust(Given.Acme, "tea", "main", 100, "receipt", 7), "tea", null));
    }

    // An order belongs to the partition of its key.
    private async Task<OrderId> PlaceAsync(int partition = 0, long idAtMs = Given.NowMs)
    {
        OrderPlacement placement;
        do
            placement = Given.Keyed($"k{++_ids}");
        while (_runtime.Map.OwnerOfName(placement.KeyHash) != partition);
        var id = OrderId.Create(idAtMs, partition, _ids);
        var reply = await new PartitionRouter(_runtime).SendAsync(new PartitionRequest.PlaceOrder(id, placement, Given.Shop));
        Assert.Equal(ReplyStatus.Accepted, reply.Status);
        return id;
    }

    private async Task ChangeAsync(OrderId id, OrderCommand command)
    {
        var reply = await new PartitionRouter(_runtime).SendAsync(new PartitionRequest.ChangeOrder(id, Given.Acme, command, Given.Shop, Given.Key($"change-{++_ids}"), null));
        Assert.Equal(ReplyStatus.Accepted, reply.Status);
    }

    private PartitionRuntime NewRuntime(IReadModel? reads = null) => new(
        _store, reads ?? _store, _psp, new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()),
        new PartitionRuntimeOptions { Lanes = 1, Partition = new PartitionOptions { CheckpointEvery = TimeSpan.FromMilliseconds(50) } },
        _time, NullLogger<PartitionRuntime>.Instance);

    /// <summary>Gives the first partition that is loaded when it is told to.</summary>
    private sealed class HeldReads(IReadModel store) : IReadModel
    {
        public TaskCompletionSource Asked { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Release { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource Answered { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async ValueTask<PartitionSnapshot> LoadPartitionAsync(int partition, CancellationToken cancellation)
        {
            if (!Asked.TrySetResult())
                return await store.LoadPartitionAsync(partition, cancellation);
            // As a store that answers whoever has gone.
            await Release.Task;
            var snapshot = await store.LoadPartitionAsync(partition, CancellationToken.None);
            Assert.NotEmpty(snapshot.DueOrders);
            Answered.SetResult();
            return snapshot;
        }

        public ValueTask ReadNamesAsync(int partition, Action<UInt128> take, CancellationToken cancellation) => store.ReadNamesAsync(partition, take, cancellation);

        public ValueTask<OrderId?> FindNameAsync(int partition, UInt128 hash, CancellationToken cancellation) => store.FindNameAsync(partition, hash, cancellation);

        public ValueTask<bool> CheckpointAsync(PartitionCheckpoint checkpoint) => store.CheckpointAsync(checkpoint);

        public ValueTask<IReadOnlyList<AttentionGroup>> ListAttentionAsync(TenantId tenant, int most, CancellationToken cancellation) => store.ListAttentionAsync(tenant, most, cancellation);

        public ValueTask<OrderRow?> FindOrderAsync(OrderId id, CancellationToken cancellation) => store.FindOrderAsync(id, cancellation);

        public ValueTask<OrderPage> ListOrdersAsync(OrderQuery query, CancellationToken cancellation) => store.ListOrdersAsync(query, cancellation);
    }

    /// <summary>Goes on from a moment as fast as time does.</summary>
    private sealed class ClockFrom(long unixMs) : TimeProvider
    {
        private readonly long _begunAt = System.GetTimestamp();

        public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(unixMs) + System.GetElapsedTime(_begunAt);
    }

    private sealed class WaitingGateway : IPaymentGateway
    {
        public TaskCompletionSource<PaymentOutcome> Answer { get; set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public ValueTask<PaymentOutcome> ExecuteAsync(PaymentRequest request, CancellationToken cancellation) => new(Answer.Task.WaitAsync(cancellation));
    }
}
