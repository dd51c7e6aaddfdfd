using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.ReadModel;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.ReadModel;

/// <summary>
/// A page of orders, newest first over all partitions. Orders are clustered by partition, because that makes checkpoints
/// cheap; so a list merges one descending scan a partition. Customers have runs (<see cref="KeyRuns"/>), attention an index.
/// </summary>
internal static class OrderLister
{
    private static readonly Comparer<OrderId> NewestFirst = Comparer<OrderId>.Create(static (a, b) => b.CompareTo(a));

    public static OrderPage List(SqliteSession session, OrderQuery query, int partitionCount)
    {
        var keys = new PriorityQueue<(OrderKeys Source, bool MayMatch), OrderId>(NewestFirst);

        var sources = Sources(session, query, partitionCount);
        var fetch = Math.Clamp(2 * query.Limit / Math.Max(1, sources.Count), 2, 256);
        foreach (var source in sources)
            Next(keys, new OrderKeys(session, query, source, fetch));

        var rows = new List<OrderRow>(query.Limit);
        OrderId last = default;
        for (var looked = 0; rows.Count < query.Limit && looked < query.ScanLimit; looked++)
        {
            var previous = last;
            if (!keys.TryDequeue(out var head, out last))
                return new OrderPage(rows, null);
            // Several runs may have the same order.
            if (head.MayMatch && last != previous && OrderRows.Find(session, last) is { } row && query.Matches(row))
                rows.Add(row);
            Next(keys, head.Source);
        }

        return new OrderPage(rows, keys.Count > 0 ? last : null);
    }

    private static IReadOnlyList<long> Sources(SqliteSession session, OrderQuery query, int partitionCount)
    {
        // The attention indexes hold all partitions in one order.
        if (query.NeedsAttention)
            return [0];
        return OrderKeys.IsByCustomer(query)
            ? KeyRunReader.Runs(session, KeyRuns.Customers)
            : [.. Enumerable.Range(0, partitionCount).Select(partition => (long)partition)];
    }

    private static void Next(PriorityQueue<(OrderKeys Source, bool MayMatch), OrderId> keys, OrderKeys source)
    {
        if (source.TryNext(out var key))
            keys.Enqueue((source, key.MayMatch), key.Id);
    }
}
