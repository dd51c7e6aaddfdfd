using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;

namespace Millrace.Engine.Partitions;

/// <summary>From a checkpoint and the journal's tail back to the state before the crash.</summary>
public sealed partial class Partition
{
    private bool _isRecovering = true;

    /// <summary>Names that the store has are not known yet: until <see cref="NamesRead"/> every key that is not recent costs a look-up.</summary>
    public bool NeedsNames => !_names.IsWhole;

    /// <summary>All names that the store had at some time since the claim.</summary>
    public void NamesRead(KeyFilter stored) => _names.AddStored(stored);

    /// <summary>First: the state at the checkpoint.</summary>
    public void Restore(PartitionSnapshot snapshot)
    {
        _appendedSeq = _checkpointSeq = snapshot.Seq;
        foreach (var row in snapshot.Stock)
            _stock.Put(StockEventCodec.ReadItem(row.Tenant, row.Sku, row.Document.Span));
        if (snapshot.Seq > 0)
            _names.LackStored();
        // They come soonest first, and what comes first leaves the memory first: it would be read again at once.
        for (var i = snapshot.DueOrders.Count - 1; i >= 0; i--)
            AddCold(snapshot.DueOrders[i]);
        if (snapshot.State.Length == 0)
            return;
        var reader = new PayloadReader(snapshot.State.Span);
        _channels.Read(ref reader);
    }

    /// <summary>Orders of the batch that must be in memory before it can be replayed; give each to <see cref="RestoreCold"/>.</summary>
    public IEnumerable<OrderId> NeededFor(IReadOnlyList<JournalRecord> records)
    {
        var placed = new HashSet<OrderId>();
        foreach (var record in records.OfType<JournalRecord.OrderDecided>())
        {
            if (record.Decision.Facts is [OrderEvent.Placed, ..])
                placed.Add(record.Order);
            else if (!placed.Contains(record.Order) && !_orders.ContainsKey(record.Order) && placed.Add(record.Order))
                yield return record.Order;
        }
    }

    public void RestoreCold(OrderRow row) => AddCold(row);

    /// <summary>Then: each batch of the tail, in order. It applies facts; nothing is decided again and nothing leaves.</summary>
    /// <exception cref="JournalCorruptException">The batch does not continue what was replayed.</exception>
    public void Replay(PartitionBatch batch, IReadOnlyList<JournalRecord> records)
    {
        if (batch.FirstSeq != _appendedSeq + 1 || batch.LastSeq != _appendedSeq + records.Count)
            throw new JournalCorruptException(Id, _appendedSeq + 1, $"a batch holds {records.Count} records as {batch.FirstSeq} to {batch.LastSeq}");
        foreach (var record in records)
        {
            _appendedSeq++;
            switch (record)
            {
                case JournalRecord.OrderDecided r: ReplayDecision(r); break;
                case JournalRecord.StockChanged r: ApplyStock(r.Fact, r.AtUnixMs); break;
                case JournalRecord.Received r: _channels.Received(r.Source, r.ChannelSeq); break;
                case JournalRecord.NameAnswered r: ApplyName(r.Hash, r.Order, r.IsGranted); break;
                default: throw new System.Diagnostics.UnreachableException();
            }
        }
    }

    /// <summary>Last: everything pending is derived from the state and started again.</summary>
    /// <exception cref="JournalCorruptException">The tail ends before or after what the claim found.</exception>
    public void Recovered(JournalClaim claim, long nowMs)
    {
        if (_appendedSeq != claim.Seq)
            throw new JournalCorruptException(Id, _appendedSeq + 1, $"the tail ends at {_appendedSeq}, the head at {claim.Seq}");
        _batchedSeq = _durableSeq = claim.Seq;
        _chain = claim.Chain;
        _isRecovering = false;
        _channels.ReleaseAll();
        _tickedAtMs = nowMs;
        // Spread over the interval, so that partitions that start together do not checkpoint together.
        _checkpointDueAtMs = nowMs + ((long)_options.CheckpointEvery.TotalMilliseconds * Id / _map.Count);
        foreach (var (id, entry) in _orders)
        {
            if (OrderSaga.DueAt(entry.Order!) is { } due)
                // The owner before may have had a clock that ran ahead.
                SetTimer(id, entry, entry.PendingPayment is { } pending && IsTooFar(pending, nowMs) ? nowMs : due);
        }

        // All that has a date was read; what waits for its own is loaded again by its timer. A partition at rest takes no checkpoint that would do this.
        Evict();
    }

    private void ReplayDecision(JournalRecord.OrderDecided record)
    {
        if (!_orders.TryGetValue(record.Order, out var entry))
            _orders.Add(record.Order, entry = new OrderEntry(record.Order));
        var order = Order.Evolve(record.Order, entry.Order, record.Decision.Facts, record.Decision.Context);
        if (record.Decision.Facts is [OrderEvent.Placed placed, ..])
            AddName(placed.Placement.KeyHash, record.Order);
        Apply(entry, order, _appendedSeq, record.Bytes.Span);
        foreach (var fact in record.Decision.Facts)
            React(record.Order, entry, order, fact);
    }
}
