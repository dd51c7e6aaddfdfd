using Millrace.Domain.Identity;
using Millrace.Domain.Ledger;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;

namespace Millrace.Simulation.Checkers;

/// <summary>
/// Folds the whole journal once, in commit order, and checks every invariant that the events alone decide. Keeps
/// every order's document and state: a gigabyte holds about a million orders.
/// </summary>
public sealed class JournalChecker(int partitionCount, CheckReport report, Action<JournalRecord>? observe = null)
{
    private readonly PartitionMap _map = new(partitionCount);
    private readonly Dictionary<int, BatchPosition> _positions = [];
    private readonly Dictionary<OrderId, CheckedOrder> _orders = [];
    private readonly Dictionary<UInt128, OrderId> _keys = [];
    private readonly HashSet<UInt128> _stockKeys = [];
    private readonly Dictionary<(TenantId Tenant, string ExternalId), OrderId> _externalIds = [];
    private readonly StockBook _stock = new();
    private readonly StockHoldings _holdings = new(report);
    private readonly List<StockItem> _changed = [];

    private readonly record struct BatchPosition(long Seq, long Epoch, UInt128 Chain);

    /// <summary>One order as the journal tells it.</summary>
    public sealed class CheckedOrder
    {
        public required Order Order { get; set; }

        /// <summary>Per decision: the journal sequence and the length of the document up to and with it.</summary>
        public List<(long Seq, int Length)> Marks { get; } = [];

        public List<byte> Document { get; } = [];

        /// <summary>The keys of its changes; null while there are none.</summary>
        public HashSet<UInt128>? ChangeKeys { get; set; }
    }

    public IReadOnlyDictionary<OrderId, CheckedOrder> Orders => _orders;

    public IEnumerable<StockItem> Items => _stock.Items;

    /// <summary>The last sequence of a partition.</summary>
    public long EndOf(int partition) => _positions.GetValueOrDefault(partition).Seq;

    /// <summary>The partition that owns an item.</summary>
    public int OwnerOf(StockItem item) => _map.OwnerOfSku(item.Tenant, item.Sku);

    public StockItem? Item(TenantId tenant, string sku) => _stock.Find(tenant, sku);

    /// <summary>A claim is durable: from now on no earlier epoch may write.</summary>
    public void Claim(int partition, long epoch) =>
        _positions[partition] = _positions.GetValueOrDefault(partition) with { Epoch = epoch };

    /// <summary>The next batch, in the order of commits.</summary>
    public void Take(PartitionBatch batch) => Take(batch, RecordCodec.Read(batch.Payload));

    /// <param name="records">What the batch's payload says.</param>
    public void Take(PartitionBatch batch, IReadOnlyList<JournalRecord> records)
    {
        report.Batches++;
        var position = _positions.GetValueOrDefault(batch.Partition);
        if (batch.FirstSeq != position.Seq + 1)
            report.Add(8, $"partition {batch.Partition}", $"sequence {batch.FirstSeq} follows {position.Seq}");
        if (batch.PreviousChain != position.Chain || !batch.IsIntact())
            report.Add(8, $"partition {batch.Partition}", $"the hash chain breaks at {batch.FirstSeq}");
        if (batch.Epoch < position.Epoch)
            report.Add(10, $"partition {batch.Partition}", $"epoch {batch.Epoch} wrote after epoch {position.Epoch}");
        if (batch.LastSeq - batch.FirstSeq + 1 != records.Count)
            report.Add(8, $"partition {batch.Partition}", $"{records.Count} records stand as {batch.FirstSeq} to {batch.LastSeq}");
        var seq = batch.FirstSeq;
        foreach (var record in records)
            Take(batch.Partition, seq++, record);
        _positions[batch.Partition] = new BatchPosition(batch.LastSeq, batch.Epoch, batch.Chain);
    }

    /// <summary>After the last batch: what must hold at the end.</summary>
    /// <param name="isDrained">Nothing is under way any more: what was reserved for a confirmed order is allocated.</param>
    public void Finish(bool isDrained = false)
    {
        report.Orders = _orders.Count;
        report.Items = _stock.Count;
        foreach (var (id, order) in _orders)
        {
            var status = order.Order.Parked is null ? order.Order.Status.ToString().ToLowerInvariant() : "parked";
            report.OrdersByStatus[status] = report.OrdersByStatus.GetValueOrDefault(status) + 1;
            OrderChecks.AtEnd(order.Order, _holdings.Of(id), isDrained, report);
            if (isDrained && !OrderChecks.IsAtRest(order.Order))
                report.Add(7, id.ToString(), $"is stuck as {order.Order.Status}");
        }

        _holdings.CompareWith(_stock);
    }

    private void Take(int partition, long seq, JournalRecord record)
    {
        report.Records++;
        observe?.Invoke(record);
        switch (record)
        {
            case JournalRecord.OrderDecided r:
                Reach(r.Decision.Context.AtUnixMs);
                TakeDecision(partition, seq, r);
                break;
            case JournalRecord.StockChanged r:
                Reach(r.AtUnixMs);
                TakeStock(partition, r.Fact);
                break;
        }
    }

    private void Reach(long atUnixMs) => report.LastAtUnixMs = Math.Max(report.LastAtUnixMs ?? atUnixMs, atUnixMs);

    private void TakeDecision(int partition, long seq, JournalRecord.OrderDecided record)
    {
        var id = record.Order;
        if (id.Partition != partition)
            report.Add(12, id.ToString(), $"partition {partition} wrote an event of partition {id.Partition}");
        var known = _orders.GetValueOrDefault(id);
        var order = known?.Order;
        if (record.Mark is { } mark && order is not null && (mark.Tenant != order.Placement.Tenant || mark.VersionBefore != order.Version))
            report.Add(12, id.ToString(), $"a decision after event {order.Version} is told to the feed as {mark.Tenant}'s after event {mark.VersionBefore}");
        foreach (var fact in record.Decision.Facts)
        {
            if (order is null != fact is OrderEvent.Placed)
            {
                report.Add(12, id.ToString(), $"{EventNames.Of(fact)} stands {(order is null ? "before" : "after")} the order was placed");
                return;
            }

            var entry = OrderLedger.EntryFor(order, fact, record.Decision.Context);
            if (entry is not null && entry.Postings.Sum(p => p.AmountMinor) != 0)
                report.Add(6, id.ToString(), $"ledger entry {entry.Version} does not balance");
            OrderChecks.Timely(id, order, fact, record.Decision.Context, report);
            // In place: nobody keeps an order of the checker's.
            Order.Evolve(id, shared: null, ref order, fact, record.Decision.Context);
            OrderChecks.Always(order!, fact, report);
            if (fact is OrderEvent.Placed placed)
                CheckKey(id, placed.Placement);
            else if (fact is OrderEvent.ExternalIdGranted && !_externalIds.TryAdd((order!.Placement.Tenant, order.Placement.ExternalId!), id))
                report.Add(2, id.ToString(), $"has the external id of {_externalIds[(order.Placement.Tenant, order.Placement.ExternalId!)]}");
        }

        if (known is null)
            _orders.Add(id, known = new CheckedOrder { Order = order! });
        if (record.Decision.Context.Key is { } key && !(known.ChangeKeys ??= []).Add(key.KeyHash))
            report.Add(2, id.ToString(), "was changed twice under one key");
        known.Order = order!;
        known.Document.AddRange(record.Bytes.Span);
        known.Marks.Add((seq, known.Document.Count));
    }

    private void CheckKey(OrderId id, OrderPlacement placement)
    {
        if (!_keys.TryAdd(placement.KeyHash, id))
            report.Add(2, id.ToString(), $"has the idempotency key of {_keys[placement.KeyHash]}");
        if (_map.OwnerOfName(placement.KeyHash) != id.Partition)
            report.Add(2, id.ToString(), "is not where its key belongs");
    }

    private void TakeStock(int partition, StockEvent fact)
    {
        if (fact is StockEvent.Adjusted adjusted && !_stockKeys.Add(adjusted.KeyHash))
            report.Add(2, adjusted.Sku, "was adjusted twice under one key");
        _changed.Clear();
        _stock.Evolve(fact, _changed);
        _holdings.Take(fact);
        foreach (var item in _changed)
        {
            if (_map.OwnerOfSku(item.Tenant, item.Sku) != partition)
                report.Add(4, item.Sku, $"partition {partition} changed stock it does not own");
            if (!item.IsWithinLimit)
                report.Add(4, item.Sku, $"is oversold: {item.Available} available, {item.BackorderLimit} may be backordered");
        }
    }
}
