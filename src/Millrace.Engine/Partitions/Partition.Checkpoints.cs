using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;

namespace Millrace.Engine.Partitions;

/// <summary>The read model's upkeep, and the memory's: what is checkpointed may be evicted.</summary>
public sealed partial class Partition
{
    private readonly Queue<OrderEntry> _clean = new();
    private List<OrderEntry> _dirtyOrders = [];
    private List<OrderEntry> _checkpointing = [];
    private List<NameRow> _newNames = [];
    private long _checkpointSeq;
    private bool _isCheckpointing;

    /// <summary>The last checkpoint taken is stored.</summary>
    public void Checkpointed()
    {
        _isCheckpointing = false;
        foreach (var entry in _checkpointing)
        {
            if (entry.IsListedDirty)
                continue;
            entry.IsDirty = false;
            ListClean(entry);
        }

        _checkpointing.Clear();
        _names.Trim(_newNames.Count);
        Evict();
    }

    // Oldest first. One that is not evictable now is dirty or in flight, and is listed again after its next checkpoint.
    private void Evict()
    {
        while (_orders.Count > _options.MaxOrdersInMemory && _clean.TryDequeue(out var entry))
        {
            entry.IsListedClean = false;
            if (entry.IsEvictable)
                _orders.Remove(entry.Id);
        }
    }

    private void ListClean(OrderEntry entry)
    {
        if (entry.IsListedClean)
            return;
        entry.IsListedClean = true;
        _clean.Enqueue(entry);
    }

    // Everything a checkpoint needs is immutable or append-only, so it is captured now and leaves when its seq is durable.
    private void TakeCheckpoint()
    {
        if (_appendedSeq == _checkpointSeq)
            return;
        _checkpointDueAtMs = _tickedAtMs + (long)_options.CheckpointEvery.TotalMilliseconds;
        if (_isCheckpointing)
        {
            // The one before may not be stored for as long as the read model is away: what runs out must do so all the same.
            foreach (var entry in _dirtyOrders)
                SetDate(entry, OrderSaga.DueAt(entry.Order!));
            return;
        }

        _isCheckpointing = true;
        _checkpointSeq = _appendedSeq;
        (_dirtyOrders, _checkpointing) = (_checkpointing, _dirtyOrders);
        var orders = new OrderRow[_checkpointing.Count];
        for (var i = 0; i < orders.Length; i++)
            orders[i] = Capture(_checkpointing[i]);
        var names = _newNames;
        _newNames = [];
        var writer = new PayloadWriter();
        _channels.Write(writer);
        Hold(new HeldOutput
        {
            Seq = _appendedSeq,
            Payload = new PartitionCheckpoint(Id, Epoch, _appendedSeq, writer.ToArray(), orders, CaptureItems(), names),
        });
    }

    private OrderRow Capture(OrderEntry entry)
    {
        entry.IsListedDirty = false;
        var row = entry.ToRow();
        SetDate(entry, row.DueAtUnixMs);
        return row;
    }

    // One that ran out meanwhile fires with the next tick. Zero is a payment on its way, which needs no timer, or a time that lies as far back.
    private void SetDate(OrderEntry entry, long? dueAtMs)
    {
        if (dueAtMs is { } due && (due > 0 || entry.PendingPayment is null))
            SetTimer(entry.Id, entry, Math.Max(due, 1));
    }

    private StockRow[] CaptureItems()
    {
        var rows = new StockRow[_dirtyItems.Count];
        var i = 0;
        var writer = new PayloadWriter();
        foreach (var item in _dirtyItems)
        {
            writer.Clear();
            StockEventCodec.WriteItem(writer, item);
            rows[i++] = new StockRow(item.Tenant, item.Sku, writer.ToArray());
        }

        _dirtyItems.Clear();
        return rows;
    }

    private void MarkDirty(OrderEntry entry)
    {
        entry.IsDirty = true;
        if (entry.IsListedDirty)
            return;
        entry.IsListedDirty = true;
        _dirtyOrders.Add(entry);
    }

    private void AddName(UInt128 hash, OrderId order)
    {
        _names.Add(hash, order);
        _newNames.Add(new NameRow(hash, order));
    }
}
