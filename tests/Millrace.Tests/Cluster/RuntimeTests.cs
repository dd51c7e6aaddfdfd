using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>The real lanes, writer and checkpointer over a store in memory.</summary>
public sealed class RuntimeTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MemoryStore _store = new(new MemoryDisk(1));
    private readonly PartitionRuntime _runtime;
    private readonly PartitionRouter _router;
    private ulong _ids;

    public RuntimeTests()
    {
        // Every name is soon an older one, and so must be looked up.
        var options = new PartitionRuntimeOptions
        {
            Lanes = 1, Partition = new PartitionOptions { MaxRecentNames = 0, CheckpointEvery = TimeSpan.FromMilliseconds(50) },
        };
        _runtime = new PartitionRuntime(
            _store, _store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()),
            options, TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        _router = new PartitionRouter(_runtime);
    }

    public void Dispose()
    {
        _runtime.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task A_message_to_oneself_that_waits_for_a_read_holds_up_nothing()
    {
        await StartAsync();
        var first = await PlaceAsync("a", "X");
        await Eventually.Async(async () => await _store.FindNameAsync(0, NameHash.ExternalId(Given.Acme, "X"), CancellationToken.None) == first, "the name is stored");

        var second = await PlaceAsync("b", "X");
        var third = await PlaceAsync("c", null);
        Assert.Equal(OrderStatus.Rejected, await SettledAsync(second));
        Assert.Equal(OrderStatus.Confirmed, await SettledAsync(third));
    }

    [Fact]
    public async Task Whoever_still_waits_when_the_runtime_ends_is_answered()
    {
        await StartAsync();
        var sinks = Enumerable.Range(0, 200).Select(_ => new CountingSink()).ToList();
        using var go = new ManualResetEventSlim();
        var senders = sinks.Chunk(50).Select(chunk => Task.Run(() =>
        {
            go.Wait();
            foreach (var sink in chunk)
                _runtime.Send(0, new PartitionRequest.ReadItem(Given.Acme, "tea"), sink);
        })).ToList();
        go.Set();
        _runtime.Dispose();
        await Task.WhenAll(senders);
        Assert.All(sinks, sink => Assert.Equal(1, sink.Answers));
    }

    [Fact]
    public async Task A_read_model_that_cannot_be_written_halts_the_partition_and_not_the_process()
    {
        await StartAsync();
        _store.Fault = write => write == MemoryWrite.Checkpoint ? throw new InvalidDataException("damaged") : MemoryFault.None;
        // Answered or not: the checkpoint of what was there before may be the one that fails.
        _runtime.Send(0, new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, 0, ++_ids), Given.Keyed("a"), Given.Shop), new CountingSink());
        await Eventually.Async(() => Task.FromResult(_runtime.States[0] == PartitionState.Halted), "the partition is halted");
    }

    [Fact]
    public async Task A_partition_whose_disk_is_full_can_still_be_stopped()
    {
        await StartAsync();
        var sinks = new[] { new CountingSink(), new CountingSink() };
        var isSecondSent = false;
        _store.Fault = write =>
        {
            if (write != MemoryWrite.Append)
                return MemoryFault.None;
            if (isSecondSent)
                return MemoryFault.Unavailable;
            // Decided while the first is being refused, so that it waits in memory.
            isSecondSent = true;
            Place(sinks[1]);
            var seen = new CountingSink();
            _runtime.Send(0, new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, 1, 1), null), seen);
            SpinWait.SpinUntil(() => seen.Answers == 1);
            return MemoryFault.Unavailable;
        };
        void Place(CountingSink sink) =>
            _runtime.Send(0, new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, 0, ++_ids), Given.Keyed($"k{_ids}"), Given.Shop), sink);
        Place(sinks[0]);
        await Eventually.Async(() => Task.FromResult(_runtime.States[0] == PartitionState.Stalled), "the partition is stalled");
        await _runtime.StopAsync(0).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.All(sinks, sink => Assert.Equal(1, sink.Answers));
    }

    [Fact]
    public async Task A_partition_that_is_to_leave_while_it_is_claimed_again_does_not_come_back()
    {
        await StartAsync();
        var (isLeaving, stopped) = (false, new TaskCompletionSource<Task>());
        _runtime.Renew(0, () =>
        {
            // Its grain leaves just as it is asked, which said that it stays.
            var stays = !isLeaving;
            isLeaving = true;
            stopped.TrySetResult(_runtime.StopAsync(0));
            return stays;
        });
        await (await stopped.Task).WaitAsync(TimeSpan.FromSeconds(10));
        // The lane takes one after the other: what was before this is done.
        await _runtime.StopAsync(0).WaitAsync(TimeSpan.FromSeconds(10));
        await _router.SendAsync(new PartitionRequest.ReadItem(Given.Acme, "tea"));
        Assert.Equal(PartitionState.Stopped, _runtime.States[0]);
    }

    private async Task StartAsync()
    {
        _runtime.Start(0);
        await Eventually.Async(() => Task.FromResult(_runtime.IsReady), "the partition serves");
        await _router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 0), "tea", null));
        await _router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, "tea", "main", 100, "receipt", 7), "tea", null));
    }

    private async Task<OrderId> PlaceAsync(string key, string? externalId)
    {
        var id = OrderId.Create(Given.NowMs, 0, ++_ids);
        var reply = await _router.SendAsync(new PartitionRequest.PlaceOrder(id, Given.Keyed(key) with { ExternalId = externalId }, Given.Shop));
        Assert.Equal(ReplyStatus.Accepted, reply.Status);
        return id;
    }

    private async Task<OrderStatus> SettledAsync(OrderId id) =>
        (await _router.SendAsync(new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue)).AsTask().WaitAsync(TimeSpan.FromSeconds(10))).Order!.Status;

    private sealed class CountingSink : ReplySink
    {
        private int _answers;

        public int Answers => _answers;

        public override void Complete(PartitionReply reply) => Interlocked.Increment(ref _answers);
    }
}
