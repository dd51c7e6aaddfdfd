using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Cluster.Peers;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Storage.Memory;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cluster;

/// <summary>Two nodes over one store, joined by nothing but envelopes.</summary>
public sealed class PeerTests : IDisposable
{
    private const int Partitions = 8;
    private readonly MemoryDisk _disk = new(Partitions);
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly Dictionary<string, PeerLinks> _links = new(StringComparer.Ordinal);
    private readonly Node _a;
    private readonly Node _b;
    private Func<string, bool> _isCutOff = static _ => false;
    private ulong _ids;

    public PeerTests()
    {
        // Clocks of two machines, never quite the same.
        (_a, _b) = (new Node(this, "a", TimeProvider.System), new Node(this, "b", new ClockAhead()));
        for (var partition = 0; partition < Partitions; partition++)
            Own(partition, partition % 2 == 0 ? _a : _b);
    }

    [Fact]
    public async Task An_order_is_placed_at_any_node_and_its_stock_is_wherever_it_is()
    {
        await StockAsync();
        for (var i = 0; i < 40; i++)
        {
            var node = i % 2 == 0 ? _a : _b;
            var placement = Given.Keyed($"k{i}");
            var id = OrderId.Create(Given.NowMs, node.Runtime.Map.OwnerOfName(placement.KeyHash), ++_ids);
            var placed = await node.Router.SendAsync(new PartitionRequest.PlaceOrder(id, placement, Given.Shop));
            Assert.Equal((ReplyStatus.Accepted, 1), (placed.Status, placed.Order!.Version));
            var other = node == _a ? _b : _a;
            var settled = await other.Router.SendAsync(new PartitionRequest.AwaitSettled(id, Given.Acme, long.MaxValue));
            Assert.Equal((OrderStatus.Confirmed, null), (settled.Order?.Status, settled.Detail));
            var read = await other.Router.SendAsync(new PartitionRequest.ReadOrder(id, Given.Acme));
            Assert.Equal(id, read.Order!.Id);
            Assert.Equal(ReplyStatus.NotFound, (await node.Router.SendAsync(new PartitionRequest.ReadOrder(id, Given.Other))).Status);
        }
    }

    [Fact]
    public async Task A_node_learns_of_the_items_of_others_by_asking()
    {
        await StockAsync();
        var stranger = _a.Runtime.Map.OwnerOfSku(Given.Acme, "tea") % 2 == 0 ? _b : _a;
        Assert.True(stranger.Router.MustAsk(Given.Acme, "tea"));
        var asking = stranger.Router.AskAsync(Given.Acme, "tea");
        Assert.Same(asking, stranger.Router.AskAsync(Given.Acme, "tea"));
        await asking;
        Assert.Equal(1_000, stranger.Catalog.Find(Given.Acme, "tea")!.PriceMinor);
        Assert.False(stranger.Router.MustAsk(Given.Acme, "tea"));

        var absent = Enumerable.Range(0, 100).Select(i => $"absent{i}").First(sku => !stranger.Runtime.IsHere(stranger.Runtime.Map.OwnerOfSku(Given.Acme, sku)));
        Assert.False(stranger.Router.IsKnown(Given.Acme, absent));
        await stranger.Router.AskAsync(Given.Acme, absent);
        Assert.True(stranger.Router.IsKnown(Given.Acme, absent));
    }

    [Fact]
    public async Task Whoever_waits_for_a_node_that_is_cut_off_is_told_to_repeat()
    {
        _isCutOff = static _ => true;
        var reply = await _a.Router.SendAsync(new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, 1, 1), null)).AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((ReplyStatus.Unavailable, "partition_unavailable"), (reply.Status, reply.Code));
    }

    [Fact]
    public async Task A_node_that_owns_nothing_is_answered_however_long_it_takes()
    {
        await StockAsync();
        using var c = new Node(this, "c", TimeProvider.System);
        foreach (var (partition, owner) in Enumerable.Range(0, Partitions).Select(p => (p, p % 2 == 0 ? _a : _b)))
            c.Links.SetOwner(partition, owner.Links.Self);
        var placement = Enumerable.Range(0, 100).Select(i => Given.Keyed($"slow{i}")).First(p => _a.Runtime.IsHere(_a.Runtime.Map.OwnerOfName(p.KeyHash)));
        var id = OrderId.Create(Given.NowMs, _a.Runtime.Map.OwnerOfName(placement.KeyHash), ++_ids);
        // There is a way back to it, which is closed while the commit takes its time: nobody says anything on it.
        Assert.Equal(ReplyStatus.NotFound, (await c.Router.SendAsync(new PartitionRequest.ReadOrder(id, Given.Acme))).Status);
        _a.Store.Fault = write =>
        {
            if (write == MemoryWrite.Append)
                SpinWait.SpinUntil(() => !_a.Links.HasLinkTo("c"), TimeSpan.FromSeconds(20));
            return MemoryFault.None;
        };
        var placed = await c.Router.SendAsync(new PartitionRequest.PlaceOrder(id, placement, Given.Shop)).AsTask().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(ReplyStatus.Accepted, placed.Status);
    }

    [Fact]
    public async Task A_frame_that_is_none_harms_neither_those_before_it_nor_those_behind_it()
    {
        var partition = _a.Runtime.IsHere(0) ? 0 : 1;
        var w = new PayloadWriter(256);
        w.Byte(PayloadFormat.Newest);
        Frame(f => PeerFrames.WriteOwnership(f, 1 - partition));
        Frame(f => f.Bytes([77, 1, 2, 3]));
        Frame(f => f.Bytes([3, 9, 0, 0, 255, 255]));
        // One that an honest partition would take for a broken invariant.
        var stray = Enumerable.Range(0, 100).Select(i => Given.Keyed($"stray{i}")).First(p => _a.Runtime.Map.OwnerOfName(p.KeyHash) != partition);
        Frame(f => PeerFrames.WriteRequest(f, 1, partition, Given.NowMs, new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, partition, 1), stray, Given.Shop)));
        Frame(f => PeerFrames.WriteOwnership(f, 3));
        _a.Links.Receive("stranger", w.WrittenMemory.ToArray());
        Assert.Equal(("stranger", "stranger"), (_a.Links.Owners[1 - partition], _a.Links.Owners[3]));

        // The lane takes its inputs in order: this one stands behind whatever the frames have set off.
        var sink = new TaskSink();
        _a.Runtime.Send(partition, new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, partition, 1), null), sink);
        Assert.Equal(ReplyStatus.NotFound, (await sink.Task.WaitAsync(TimeSpan.FromSeconds(20))).Status);
        Assert.Equal(PartitionState.Serving, _a.Runtime.States[partition]);

        void Frame(Action<PayloadWriter> write)
        {
            var frame = new PayloadWriter(64);
            write(frame);
            w.Unsigned((ulong)frame.Length);
            w.Bytes(frame.Written);
        }
    }

    // A link whose node owns nothing is closed, and another made to the same node when it owns something again.
    [Fact]
    public async Task A_late_reply_to_a_link_that_is_closed_is_given_to_nobody_who_asks_through_the_next()
    {
        var (time, sent) = (new FakeTimeProvider(DateTimeOffset.UtcNow), new ConcurrentQueue<long>());
        using var links = new PeerLinks("late", _a.Runtime, (_, envelope) => Note(envelope), time, NullLogger<PeerLinks>.Instance);
        var (first, second) = (new TaskSink(), new TaskSink());
        links.SetOwner(1, "slow");
        links.Request(1, new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, 1, 1), Given.Acme), first);
        await Eventually.Async(() => Task.FromResult(sent.Count == 1), "the first is sent");
        links.SetOwner(1, null);
        while (links.HasLinkTo("slow"))
            time.Advance(TimeSpan.FromMilliseconds(500));
        Assert.Equal(ReplyStatus.Unavailable, (await first.Task).Status);

        links.SetOwner(1, "slow");
        links.Request(1, new PartitionRequest.ReadOrder(OrderId.Create(Given.NowMs, 1, 2), Given.Other), second);
        await Eventually.Async(() => Task.FromResult(sent.Count == 2), "the second is sent");
        foreach (var (number, status) in sent.Zip([ReplyStatus.Replayed, ReplyStatus.NotFound]))
            links.Receive("slow", Envelope(frame => PeerFrames.WriteReply(frame, number, new PartitionReply(status))));
        Assert.Equal(ReplyStatus.NotFound, (await second.Task.WaitAsync(TimeSpan.FromSeconds(20))).Status);

        Task Note(byte[] envelope)
        {
            var frame = new PayloadReader(new PayloadReader(envelope.AsSpan(1)).Bytes());
            frame.Byte();
            sent.Enqueue(frame.Signed());
            return Task.CompletedTask;
        }
    }

    private static byte[] Envelope(Action<PayloadWriter> write)
    {
        var (envelope, frame) = (new PayloadWriter(256), new PayloadWriter(64));
        envelope.Byte(PayloadFormat.Newest);
        write(frame);
        envelope.Unsigned((ulong)frame.Length);
        envelope.Bytes(frame.Written);
        return envelope.WrittenMemory.ToArray();
    }

    [Fact]
    public async Task An_owner_that_was_overtaken_answers_nothing_from_memory_and_lets_go()
    {
        await StockAsync();
        var placement = Given.Keyed("moved");
        var partition = _a.Runtime.Map.OwnerOfName(placement.KeyHash);
        var id = OrderId.Create(Given.NowMs, partition, ++_ids);
        await _a.Router.SendAsync(new PartitionRequest.PlaceOrder(id, placement, Given.Shop));
        var (old, next) = partition % 2 == 0 ? (_a, _b) : (_b, _a);
        // The directory says nothing of it: both believe that it is theirs.
        next.Runtime.Start(partition);
        await Eventually.Async(() => Task.FromResult(next.Runtime.IsHere(partition)), "the second node serves it too");

        var stale = new TaskSink();
        old.Runtime.Send(partition, new PartitionRequest.ReadOrder(id, Given.Acme), stale);
        Assert.Equal(ReplyStatus.Unavailable, (await stale.Task.WaitAsync(TimeSpan.FromSeconds(10))).Status);
        await Eventually.Async(() => Task.FromResult(!old.Runtime.IsHere(partition)), "the first lets go");
        var fresh = new TaskSink();
        next.Runtime.Send(partition, new PartitionRequest.ReadOrder(id, Given.Acme), fresh);
        Assert.Equal(id, (await fresh.Task.WaitAsync(TimeSpan.FromSeconds(10))).Order!.Id);
    }

    [Fact]
    public void An_envelope_that_is_none_is_refused_and_harms_nobody()
    {
        _a.Links.Receive("stranger", []);
        _a.Links.Receive("stranger", [99, 1, 2, 3]);
        _a.Links.Receive("stranger", [2, 1, 200, 1, 255]);
        _a.Links.Receive("stranger", [2, 77]);
        Assert.All(Enumerable.Range(0, Partitions / 2), i => Assert.Equal(PartitionState.Serving, _a.Runtime.States[2 * i]));
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
        _services.Dispose();
    }

    private void Own(int partition, Node node)
    {
        node.Runtime.Start(partition);
        Assert.True(SpinWait.SpinUntil(() => node.Runtime.IsHere(partition), TimeSpan.FromSeconds(20)));
        foreach (var links in _links.Values)
            links.SetOwner(partition, node.Links.Self);
    }

    private async Task StockAsync()
    {
        await _a.Router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 0), "tea", null));
        await _b.Router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, "tea", "main", 1_000, "receipt", 7), "tea", 7));
    }

    private sealed class TaskSink : ReplySink
    {
        private readonly TaskCompletionSource<PartitionReply> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<PartitionReply> Task => _source.Task;

        public override void Complete(PartitionReply reply) => _source.SetResult(reply);
    }

    private sealed class ClockAhead : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromSeconds(3);
    }

    private sealed class Node : IDisposable
    {
        public Node(PeerTests tests, string name, TimeProvider time)
        {
            Store = new MemoryStore(tests._disk);
            Catalog = new Catalog();
            Runtime = new PartitionRuntime(
                Store, Store, new InstantPaymentGateway(), Catalog, new LaneMetrics(tests._services.GetRequiredService<IMeterFactory>()),
                new PartitionRuntimeOptions { Owner = name }, time, NullLogger<PartitionRuntime>.Instance);
            Links = new PeerLinks(name, Runtime, async (to, envelope) =>
            {
                await Task.Yield();
                if (tests._isCutOff(to))
                    throw new InvalidOperationException("cut off");
                tests._links[to].Receive(name, envelope);
            }, time, NullLogger<PeerLinks>.Instance);
            tests._links.Add(name, Links);
            Router = new PartitionRouter(Runtime);
        }

        public MemoryStore Store { get; }

        public Catalog Catalog { get; }

        public PartitionRuntime Runtime { get; }

        public PeerLinks Links { get; }

        public PartitionRouter Router { get; }

        public void Dispose()
        {
            Links.Dispose();
            Runtime.Dispose();
        }
    }
}
