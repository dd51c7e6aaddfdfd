using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;

namespace Millrace.Simulation.Checkers;

/// <summary>Read model = fold of the journal, as of each partition's checkpoint.</summary>
public static class ReadModelChecker
{
    /// <param name="checkpoints">The checkpointed sequence of each partition.</param>
    public static async Task CheckAsync(
        IReadModel readModel, JournalChecker journal, IReadOnlyDictionary<int, long> checkpoints, CheckReport report, CancellationToken cancellation)
    {
        OrderId? before = null;
        var seen = 0L;
        do
        {
            var page = await readModel.ListOrdersAsync(new OrderQuery(null, before, Limit: 1_000), cancellation);
            foreach (var row in page.Rows)
            {
                seen++;
                Check(row, journal, checkpoints, report);
            }

            before = page.Next;
        }
        while (before is not null);

        var expected = journal.Orders.Count(o => o.Value.Marks[0].Seq <= checkpoints.GetValueOrDefault(o.Key.Partition));
        if (seen != expected)
            report.Add(19, "read model", $"has {seen} orders where the journal has {expected}");
    }

    private static void Check(OrderRow row, JournalChecker journal, IReadOnlyDictionary<int, long> checkpoints, CheckReport report)
    {
        if (!journal.Orders.TryGetValue(row.Id, out var order))
        {
            report.Add(19, row.Id.ToString(), "is in the read model and not in the journal");
            return;
        }

        var seq = checkpoints.GetValueOrDefault(row.Id.Partition);
        var length = order.Marks.FindLast(m => m.Seq <= seq).Length;
        if (!System.Runtime.InteropServices.CollectionsMarshal.AsSpan(order.Document)[..length].SequenceEqual(row.Document.Span))
            report.Add(19, row.Id.ToString(), "differs from the fold of its events");
        else if (length == order.Document.Count && (row.Status != order.Order.Status || row.Version != order.Order.Version
            || row.CustomerId != order.Order.Placement.Buyer.CustomerId || row.Attention != order.Order.Parked?.Code))
            report.Add(19, row.Id.ToString(), "has columns that differ from its document");
    }
}
