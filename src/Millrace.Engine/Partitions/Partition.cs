using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Requests;

namespace Millrace.Engine.Partitions;

/// <summary>
/// A partition: decides in memory, one input at a time, and lets nothing out before the journal has it. It does no
/// IO, reads no clock and knows no thread: time comes with each input, effects leave through <see cref="Outputs"/>, and
/// the same inputs give the same bytes. Not thread-safe; its shell calls it from one thread.
/// A failed commit throws the whole object away (<see cref="Abandon"/>); a new one recovers from the journal.
/// </summary>
public sealed partial class Partition
{
    private readonly PartitionOptions _options;
    private readonly PartitionMap _map;
    private readonly Dictionary<OrderId, OrderEntry> _orders = [];
    private readonly StockBook _stock = new();
    private readonly Channels _channels;
    private readonly NameIndex _names;
    private PayloadWriter _pending = new(1024);
    private PayloadWriter _inFlight = new(1024);
    private readonly Queue<HeldOutput> _held = new();
    private readonly List<OrderEvent> _facts = [];
    private readonly List<StockItem> _changedItems = [];
    private long _appendedSeq;
    private long _batchedSeq;
    private long _durableSeq;
    private UInt128 _chain;
    private bool _isBatchInFlight;
    private int _unsettled;

    public Partition(int id, PartitionMap map, PartitionOptions options, JournalClaim claim)
    {
        Id = id;
        Epoch = claim.Epoch;
        Format = claim.Format is >= PayloadFormat.Oldest and <= PayloadFormat.Newest
            ? claim.Format
            : throw new StoreRefusedException($"The store is written in payload format {claim.Format}; this version knows {PayloadFormat.Oldest} to {PayloadFormat.Newest}.");
        _map = map;
        _options = options;
        _names = new NameIndex(options.MaxRecentNames);
        _channels = new Channels(map.Count);
    }

    public int Id { get; }

    public long Epoch { get; }

    /// <summary>What it writes; see <see cref="PayloadFormat"/>.</summary>
    public int Format { get; }

    /// <summary>The last sequence that the journal is known to have.</summary>
    public long DurableSeq => _durableSeq;

    public PartitionOutputs Outputs { get; } = new();

    public int OrdersInMemory => _orders.Count;

    /// <summary>Orders placed and not yet confirmed or ended.</summary>
    public int Unsettled => _unsettled;

    /// <summary>Items of the partition as they are decided, for recovery's catalog; only items known durable after recovery.</summary>
    public IEnumerable<StockItem> Items => _stock.Items.Select(item => item.Snapshot());

    /// <summary>An order's encoded history with all that is decided, durable or not; null when it is not in memory. For checkers.</summary>
    public ReadOnlyMemory<byte>? DocumentInMemory(OrderId id) =>
        _orders.TryGetValue(id, out var entry) ? entry.Document : (ReadOnlyMemory<byte>?)null;

    /// <summary>Messages to other partitions that they have not durably taken yet.</summary>
    public int Unacknowledged => _channels.Unacknowledged;

    public bool HasPending => _appendedSeq > _batchedSeq;

    /// <summary>Handles one request from the edge.</summary>
    public void Handle(PartitionRequest request, ReplySink sink, long nowMs)
    {
        switch (request)
        {
            case PartitionRequest.PlaceOrder r: Place(r, sink, nowMs); break;
            case PartitionRequest.ChangeOrder r: WithOrder(r.Id, sink, nowMs, new Waiting(request, sink)); break;
            case PartitionRequest.ReadOrder r: WithOrder(r.Id, sink, nowMs, new Waiting(request, sink)); break;
            case PartitionRequest.AwaitSettled r: WithOrder(r.Id, sink, nowMs, new Waiting(request, sink)); break;
            case PartitionRequest.ChangeStock r: ChangeStock(r, sink, nowMs); break;
            case PartitionRequest.ReadItem r: ReadItem(r, sink); break;
            default: throw new System.Diagnostics.UnreachableException();
        }
    }

    /// <summary>Everything decided since the last batch, as one batch to append; null when there is nothing or one is in
    /// flight already. Deciding goes on meanwhile. Its payload is good until <see cref="Committed"/>.</summary>
    public PartitionBatch? TakeBatch()
    {
        if (_isBatchInFlight || !HasPending)
            return null;
        // The batch is the writer's own memory, which is used again once it is durable.
        (_pending, _inFlight) = (_inFlight, _pending);
        _pending.Clear();
        var payload = _inFlight.WrittenMemory;
        var first = _batchedSeq + 1;
        var chain = PartitionBatch.ComputeChain(_chain, Id, Epoch, first, _appendedSeq, payload.Span);
        var batch = new PartitionBatch(Id, Epoch, first, _appendedSeq, _chain, chain, payload);
        _chain = chain;
        _batchedSeq = _appendedSeq;
        _isBatchInFlight = true;
        if (IsCheckpointDue)
            TakeCheckpoint();
        return batch;
    }

    /// <summary>The batch in flight is durable: what waited for it may leave.</summary>
    public void Committed(long nowMs)
    {
        if (!_isBatchInFlight)
            throw new InvalidOperationException("No batch is in flight.");
        _isBatchInFlight = false;
        _durableSeq = _batchedSeq;
        while (_held.TryPeek(out var output) && output.Seq <= _durableSeq)
            Release(_held.Dequeue(), nowMs);
    }

    /// <summary>Gives up: nothing undurable ever happened. Nothing is left in <see cref="Outputs"/>.</summary>
    /// <returns>Every caller that waits, to be told to repeat with the same key; also those whose answer was free to leave and has not
    /// been picked up, since what is durable a repeat will show.</returns>
    public List<OutgoingReply> Abandon(string reason)
    {
        var sinks = Outputs.Replies.Select(waiting => waiting.Sink)
            .Concat(_held.Select(output => output.Sink).OfType<ReplySink>())
            .Concat(_loading.Values.Concat(_lookingUp.Values).SelectMany(waiters => waiters).Select(waiting => waiting.Sink).OfType<ReplySink>())
            .Concat(_orders.Values.SelectMany(entry => entry.Waiters?.Select(waiter => waiter.Sink) ?? []));
        var reply = PartitionReply.Unavailable("partition_unavailable", reason);
        var replies = sinks.Select(sink => new OutgoingReply(sink, reply, IsProven: false)).ToList();
        _held.Clear();
        Outputs.Clear();
        return replies;
    }

    // Every record goes through here: one place gives out sequence numbers and starts the envelope.
    private long NextRecord()
    {
        if (_pending.Length == 0)
            _pending.Byte((byte)Format);
        return ++_appendedSeq;
    }

    private void Reply(ReplySink? sink, PartitionReply reply, long afterSeq)
    {
        if (sink is null)
            return;
        if (afterSeq <= _durableSeq)
            Outputs.Replies.Add(new OutgoingReply(sink, reply, IsProven: false));
        else
            // A batch that is under way may have been committed before this was decided, and the partition taken over since: no proof.
            Hold(new HeldOutput { Seq = _appendedSeq, Sink = sink, Payload = reply, IsProven = HasPending });
    }

    // Held outputs leave in order of their records. One that depends on nothing undurable leaves at once.
    private void Hold(in HeldOutput output)
    {
        if (output.Seq <= _durableSeq)
            Release(output, nowMs: 0);
        else
            _held.Enqueue(output);
    }

    /// <summary>The store cannot commit for now: everyone who waits is told to repeat with the same key, while the
    /// batch itself stays and is tried again. Nothing that was decided is lost or done twice.</summary>
    public void RefuseWaiting(string reason)
    {
        var reply = PartitionReply.Unavailable("store_unavailable", reason);
        for (var count = _held.Count; count > 0; count--)
        {
            var output = _held.Dequeue();
            if (output.Sink is not null)
                Outputs.Replies.Add(new OutgoingReply(output.Sink, reply, IsProven: false));
            else
                _held.Enqueue(output);
        }
    }
}
