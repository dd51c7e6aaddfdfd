using System.Globalization;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Verify;

/// <summary>
/// What a journal proves whose first days are archived. An order that was placed since is compared from its first event; of an older one the end of its
/// document, which holds all its events. What stock should be, the kept part alone cannot say.
/// </summary>
internal sealed class KeptJournalChecker(int partitionCount, CheckReport report)
{
    // A document is an order's whole history, wherever its journal is by now.
    private readonly RowChecker _rows = new(partitionCount, report);
    private readonly Dictionary<OrderId, KeptOrder> _orders = [];
    private readonly Dictionary<int, long> _epochs = [];
    private readonly Dictionary<int, long> _checkpoints = [];
    private readonly Dictionary<UInt128, OrderId> _keys = [];
    private long _older;
    private long _before;

    private sealed class KeptOrder
    {
        public required bool IsWhole { get; init; }

        public List<byte> Document { get; } = [];

        public List<(long Seq, int Length)> Marks { get; } = [];

        public bool WasSeen { get; set; }
    }

    /// <summary>In words for people, after the last row.</summary>
    public string NotChecked => string.Create(CultureInfo.InvariantCulture,
        $"not everything was checked: the first days of the journal are archived. Of {_older} orders that were placed in them only the later events were compared, {_before} orders have none, and stock was not checked. --archive DIR checks everything.");

    /// <summary>A partition's batches in order; the store has checked checksum and chain.</summary>
    public void Take(PartitionBatch batch)
    {
        report.Batches++;
        if (batch.Epoch < _epochs.GetValueOrDefault(batch.Partition))
            report.Add(10, $"partition {batch.Partition}", $"epoch {batch.Epoch} wrote after epoch {_epochs[batch.Partition]}");
        _epochs[batch.Partition] = batch.Epoch;
        var records = RecordCodec.Read(batch.Payload);
        if (batch.LastSeq - batch.FirstSeq + 1 != records.Count)
            report.Add(8, $"partition {batch.Partition}", $"{records.Count} records stand as {batch.FirstSeq} to {batch.LastSeq}");
        var seq = batch.FirstSeq;
        foreach (var record in records)
        {
            report.Records++;
            if (record is JournalRecord.OrderDecided decided)
                Take(batch.Partition, seq, decided);
            seq++;
        }
    }

    /// <summary>After the last batch: what a partition's rows should show.</summary>
    public void Begin(int partition, long checkpointSeq) => _checkpoints[partition] = checkpointSeq;

    public void Take(OrderRow row)
    {
        _rows.Take(row);
        var status = row.Attention is null ? row.Status.ToString().ToLowerInvariant() : "parked";
        report.OrdersByStatus[status] = report.OrdersByStatus.GetValueOrDefault(status) + 1;
        if (!_orders.TryGetValue(row.Id, out var kept))
        {
            _before++;
            return;
        }

        kept.WasSeen = true;
        _older += kept.IsWhole ? 0 : 1;
        var known = kept.Document.GetRange(0, LengthAt(kept, row.Id)).ToArray();
        if (kept.IsWhole ? !row.Document.Span.SequenceEqual(known) : !row.Document.Span.EndsWith(known))
            report.Add(19, row.Id.ToString(), "differs from the fold of its events");
    }

    /// <summary>After the last row.</summary>
    public void Finish()
    {
        foreach (var (id, kept) in _orders)
        {
            if (!kept.WasSeen && (LengthAt(kept, id) > 0 || !kept.IsWhole))
                report.Add(19, id.ToString(), "is in the journal and not in the read model");
        }
    }

    private void Take(int partition, long seq, JournalRecord.OrderDecided record)
    {
        var id = record.Order;
        if (id.Partition != partition)
            report.Add(12, id.ToString(), $"partition {partition} wrote an event of partition {id.Partition}");
        var placed = record.Decision.Facts.OfType<OrderEvent.Placed>().FirstOrDefault();
        if (!_orders.TryGetValue(id, out var kept))
            _orders.Add(id, kept = new KeptOrder { IsWhole = placed is not null });
        else if (placed is not null)
            report.Add(12, id.ToString(), "was placed twice");
        if (placed is not null && !_keys.TryAdd(placed.Placement.KeyHash, id))
            report.Add(2, id.ToString(), $"has the idempotency key of {_keys[placed.Placement.KeyHash]}");
        report.LastAtUnixMs = Math.Max(report.LastAtUnixMs ?? 0, record.Decision.Context.AtUnixMs);
        kept.Document.AddRange(record.Bytes.Span);
        kept.Marks.Add((seq, kept.Document.Count));
    }

    private int LengthAt(KeptOrder kept, OrderId id) =>
        kept.Marks.FindLast(mark => mark.Seq <= _checkpoints.GetValueOrDefault(id.Partition)).Length;
}
