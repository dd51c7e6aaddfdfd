using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Simulation.Checkers;

namespace Millrace.Cli.Auditing;

/// <summary>
/// One look at every order and item of the partitions that the node had at its beginning, a page at a time and by the store's keys. What comes
/// meanwhile is left to the next one, and so is what leaves.
/// </summary>
internal sealed class Sweep(AuditedNode node, DateTimeOffset startedAt)
{
    private readonly bool[] _isOurs = [.. Enumerable.Range(0, node.PartitionCount).Select(node.IsHere)];
    private OrderId? _before;
    private bool _areOrdersDone;
    private int _partition;
    private (TenantId Tenant, string Sku)? _after;

    public DateTimeOffset StartedAt => startedAt;

    public int Partitions => _isOurs.Count(ours => ours);

    public long Orders { get; private set; }

    public long Items { get; private set; }

    /// <summary>Nothing is left to look at.</summary>
    public bool IsDone => _areOrdersDone && _partition == _isOurs.Length;

    /// <summary>Everything could be read so far.</summary>
    public bool IsWhole { get; private set; } = true;

    /// <summary>Looks on.</summary>
    /// <param name="rows">Most rows to read.</param>
    /// <param name="report">Where violations go.</param>
    /// <param name="cancellation">Ends it between two pages, or within one.</param>
    public async Task TakeAsync(int rows, CheckReport report, CancellationToken cancellation)
    {
        var checker = new RowChecker(node.PartitionCount, report);
        // A page without a row counts as one: many empty partitions are no reason for a long turn.
        for (var left = rows; left > 0 && !IsDone;)
            left -= Math.Max(1, _areOrdersDone ? await TakeItemsAsync(left, checker, report, cancellation) : await TakeOrdersAsync(left, checker, report, cancellation));
    }

    // Newest first over all partitions, which is the one order that every store has an index for: another node's are read too, and passed over.
    private async Task<int> TakeOrdersAsync(int rows, RowChecker checker, CheckReport report, CancellationToken cancellation)
    {
        try
        {
            var page = await node.Orders.ListOrdersAsync(new OrderQuery(null, _before, rows, ScanLimit: rows + 1), cancellation);
            foreach (var row in page.Rows)
            {
                if (!IsOurs(row.Id.Partition))
                    continue;
                checker.Take(row);
                Orders++;
            }

            _before = page.Next;
            _areOrdersDone = page.Next is null;
            return page.Rows.Count;
        }
        catch (Exception damage) when (IsDamage(damage))
        {
            // The same subject each time: the page moves with every new order.
            report.Add(19, "orders", $"cannot be read below {_before?.ToString() ?? "the newest"}: {damage.GetType().Name}");
            (_areOrdersDone, IsWhole) = (true, false);
            return rows;
        }
    }

    private async Task<int> TakeItemsAsync(int rows, RowChecker checker, CheckReport report, CancellationToken cancellation)
    {
        if (!IsOurs(_partition))
        {
            _partition++;
            return 0;
        }

        try
        {
            var page = await node.Items.ListStockAsync(_partition, _after, rows, cancellation);
            foreach (var row in page)
            {
                checker.Take(_partition, row);
                Items++;
            }

            if (page.Count == rows)
                _after = (page[^1].Tenant, page[^1].Sku);
            else
                (_partition, _after) = (_partition + 1, null);
            return page.Count;
        }
        catch (Exception damage) when (IsDamage(damage))
        {
            report.Add(19, $"items of partition {_partition}", $"cannot be read: {damage.GetType().Name}");
            (_partition, _after, IsWhole) = (_partition + 1, null, false);
            return rows;
        }
    }

    // Of a partition that is not known to the store nobody is the owner: a row of it is judged by everybody.
    private bool IsOurs(int partition) => partition >= _isOurs.Length || (_isOurs[partition] && node.IsHere(partition));

    /// <summary>Bytes of the store that no retry makes readable. Whoever serves takes a damaged file of the archive for one that is away.</summary>
    public static bool IsDamage(Exception failure) => failure is InvalidDataException or FormatException or StoreUnavailableException { InnerException: InvalidDataException };
}
