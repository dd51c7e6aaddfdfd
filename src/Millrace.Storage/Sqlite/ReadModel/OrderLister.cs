using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>
/// A page of orders, newest first over all partitions. Orders are clustered by partition, because that makes checkpoints
/// cheap; so a list merges one descending scan a partition. Customers and attention have indexes of their own.
/// </summary>
internal static class OrderLister
{
    private static readonly Comparer<OrderId> NewestFirst = Comparer<OrderId>.Create(static (a, b) => b.CompareTo(a));

    public static OrderPage List(SqliteSession session, OrderQuery query, int partitionCount)
    {
        var keys = new PriorityQueue<(OrderKeys Source, bool MayMatch), OrderId>(NewestFirst);

        // The attention index holds all partitions in one order.
        var sources = query.NeedsAttention ? 1 : partitionCount;
        var fetch = Math.Clamp(2 * query.Limit / sources, 2, 256);
        for (var partition = 0; partition < sources; partition++)
            Next(keys, new OrderKeys(session, query, partition, fetch));

        var rows = new List<OrderRow>(query.Limit);
        OrderId last = default;
        for (var looked = 0; rows.Count < query.Limit && looked < query.ScanLimit; looked++)
        {
            if (!keys.TryDequeue(out var head, out last))
                return new OrderPage(rows, null);
            if (head.MayMatch && OrderRows.Find(session, last) is { } row && query.Matches(row))
                rows.Add(row);
            Next(keys, head.Source);
        }

        return new OrderPage(rows, keys.Count > 0 ? last : null);
    }

    private static void Next(PriorityQueue<(OrderKeys Source, bool MayMatch), OrderId> keys, OrderKeys source)
    {
        if (source.TryNext(out var key))
            keys.Enqueue((source, key.MayMatch), key.Id);
    }
}
