using System.Runtime.InteropServices;
using Millrace.Domain.Identity;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.ReadModel;

namespace Millrace.Simulation.Checkers;

/// <summary>Read model = fold of the journal, as of each partition's checkpoint.</summary>
public sealed class ReadModelChecker(JournalChecker journal, CheckReport report)
{
    private readonly Dictionary<int, long> _checkpoints = [];
    private readonly HashSet<(TenantId, string)> _items = [];
    private long _seen;

    /// <summary>What a partition's rows should show.</summary>
    public void Begin(int partition, long checkpointSeq) => _checkpoints[partition] = checkpointSeq;

    public void Take(OrderRow row)
    {
        _seen++;
        if (!journal.Orders.TryGetValue(row.Id, out var order))
        {
            report.Add(19, row.Id.ToString(), "is in the read model and not in the journal");
            return;
        }

        var seq = _checkpoints.GetValueOrDefault(row.Id.Partition);
        var length = order.Marks.FindLast(m => m.Seq <= seq).Length;
        if (!CollectionsMarshal.AsSpan(order.Document)[..length].SequenceEqual(row.Document.Span))
            report.Add(19, row.Id.ToString(), "differs from the fold of its events");
        else if (row.Tenant != order.Order.Placement.Tenant)
            report.Add(19, row.Id.ToString(), $"stands under the tenant {row.Tenant}");
        else if (length == order.Document.Count && !RowChecker.HasColumnsOf(row, order.Order))
            report.Add(19, row.Id.ToString(), "has columns that differ from its document");
    }

    /// <summary>An item's row, of a partition whose checkpoint is at the journal's end; any other is only asked to be readable.</summary>
    public void Take(StockRow row)
    {
        _items.Add((row.Tenant, row.Sku));
        var item = StockEventCodec.ReadItem(row.Tenant, row.Sku, row.Document.Span);
        if (journal.Item(row.Tenant, row.Sku) is not { } known)
            report.Add(19, row.Sku, "is in the read model and not in the journal");
        else if (item.Version == known.Version && !AreSame(item, known))
            report.Add(19, row.Sku, "differs from the fold of its events");
    }

    /// <summary>After the last row.</summary>
    public void Finish()
    {
        var expected = journal.Orders.Count(o => o.Value.Marks[0].Seq <= _checkpoints.GetValueOrDefault(o.Key.Partition));
        if (_seen != expected)
            report.Add(19, "read model", $"has {_seen} orders where the journal has {expected}");
        // Of a checkpoint that is behind it is not known which items it should have.
        foreach (var item in journal.Items)
        {
            var partition = journal.OwnerOf(item);
            if (_checkpoints.GetValueOrDefault(partition) == journal.EndOf(partition) && !_items.Contains((item.Tenant, item.Sku)))
                report.Add(19, item.Sku, "is in the journal and not in the read model");
        }
    }

    internal static bool AreSame(StockItem one, StockItem other) =>
        (one.Name, one.PriceMinor, one.CurrencyCode, one.BackorderLimit, one.Version)
            .Equals((other.Name, other.PriceMinor, other.CurrencyCode, other.BackorderLimit, other.Version))
        && one.Levels.AsSpan().SequenceEqual(other.Levels);
}
