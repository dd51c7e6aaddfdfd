using System.Collections.Concurrent;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Lists;
using Millrace.Storage.Postgres.Shards;
using Millrace.Storage.ReadModel;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>A folder that a database names in <c>order_archive</c>, and whose ids it has.</summary>
internal readonly record struct ArchivedMonth(string Folder, Guid Low, Guid High);

/// <summary>
/// Orders that are in files, read when they are asked for. Thread-safe. An order that is a row of the database is what that row says, whatever a file
/// has of it; of several files the later version counts.
/// </summary>
/// <param name="folder">Null for a process that was not told where the files are: then nothing in them can be read.</param>
internal sealed class OrderArchive(string? folder) : IDisposable
{
    // Each of them is a new archive run that ended in between.
    private const int MostReads = 5;
    private readonly ConcurrentDictionary<string, OrderFolder> _open = new(StringComparer.Ordinal);

    /// <exception cref="StoreUnavailableException">The files cannot be read.</exception>
    public async Task<OrderRow?> FindAsync(IEnumerable<string> folders, OrderId id, CancellationToken cancellation)
    {
        OrderRow? newest = null;
        foreach (var name in folders)
        {
            if (await Open(name).FindAsync(id, cancellation).ConfigureAwait(false) is { } row && !(newest?.Version >= row.Version))
                newest = row;
        }

        return newest;
    }

    /// <summary>A page of rows and files together.</summary>
    /// <param name="query">What to list.</param>
    /// <param name="only">Orders of these partitions; null for all.</param>
    /// <param name="database">The rows.</param>
    /// <exception cref="StoreUnavailableException">The files cannot be read, and the page would have a hole without them.</exception>
    public async Task<OrderPage> ListAsync(OrderQuery query, int[]? only, OrderReads database, CancellationToken cancellation)
    {
        for (var reads = 0; reads < MostReads; reads++)
        {
            // In this order: what left the database after its page was read is in the page, and what left it before is in a month.
            var page = await database.PageAsync(query, only).ConfigureAwait(false);
            // Nobody is asked about an archived order.
            List<ArchivedMonth> months = query.NeedsAttention ? [] : await database.MonthsAsync().ConfigureAwait(false);
            var merged = await MergeAsync(query, only, page, months, cancellation).ConfigureAwait(false);
            var archived = merged.Rows.Select(row => row.Id).Except(page.Rows.Select(row => row.Id)).ToList();
            if (archived.Count == 0)
                return merged;
            var current = await ReplaceAsync(query, merged, archived, database, months, cancellation).ConfigureAwait(false);
            // A row that the page did not have may have left in between: then there is one month more.
            if ((await database.MonthsAsync().ConfigureAwait(false)).SequenceEqual(months))
                return current;
        }

        throw new StoreUnavailableException("Orders are on their way to the archive.");
    }

    /// <summary>Whether each of these is there.</summary>
    /// <exception cref="StoreRefusedException">One is not, or nobody said where they are.</exception>
    public void Require(IReadOnlyList<ArchivedMonth> months)
    {
        try
        {
            foreach (var month in months)
                Open(month.Folder);
        }
        catch (StoreUnavailableException missing)
        {
            throw new StoreRefusedException(missing.Message);
        }
    }

    public void Dispose()
    {
        foreach (var open in _open.Values)
            open.Dispose();
    }

    // The newest first, and no further back than the page goes.
    private async Task<OrderPage> MergeAsync(OrderQuery query, int[]? only, OrderPage page, IReadOnlyList<ArchivedMonth> months, CancellationToken cancellation)
    {
        foreach (var month in months.Where(month => query.Before is not { } before || OrderLister.Key(before) > month.Low))
        {
            if (page.Next is { } end && OrderLister.Key(end) >= month.High)
                break;
            page = MergedPages.Merge([page, await Open(month.Folder).PageAsync(query, only, cancellation).ConfigureAwait(false)], query.Limit);
        }

        return page;
    }

    // An order that came back is a row, which the query may no longer mean; or it is in a later file.
    private async Task<OrderPage> ReplaceAsync(
        OrderQuery query, OrderPage page, List<OrderId> archived, OrderReads database, IReadOnlyList<ArchivedMonth> months, CancellationToken cancellation)
    {
        var current = new Dictionary<OrderId, OrderRow>();
        foreach (var id in archived)
        {
            var key = OrderLister.Key(id);
            var folders = months.Where(month => month.Low <= key && month.High > key).Select(month => month.Folder).ToList();
            if (folders.Count > 1 && await FindAsync(folders, id, cancellation).ConfigureAwait(false) is { } latest)
                current[id] = latest;
        }

        foreach (var row in await database.RowsAsync(archived).ConfigureAwait(false))
            current[row.Id] = row;
        return new OrderPage(
            [.. page.Rows.Select(row => current.GetValueOrDefault(row.Id, row)).Where(row => query.Matches(row))], page.Next);
    }

    private OrderFolder Open(string name)
    {
        if (_open.TryGetValue(name, out var open))
            return open;
        if (folder is null)
            throw new StoreUnavailableException($"Orders are archived in '{name}', and this process was not told where: --archive names the folder that it is in.");
        try
        {
            var opened = new OrderFolder(Path.Combine(folder, name));
            var kept = _open.GetOrAdd(name, opened);
            if (!ReferenceEquals(kept, opened))
                opened.Dispose();
            return kept;
        }
        catch (InvalidDataException damage)
        {
            throw new StoreUnavailableException($"Archived orders cannot be read: {damage.Message}", damage);
        }
    }
}
