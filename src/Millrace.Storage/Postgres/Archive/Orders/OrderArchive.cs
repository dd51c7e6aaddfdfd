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
/// <param name="store">Whose orders.</param>
/// <param name="patience">How long a reading may take.</param>
internal sealed class OrderArchive(string? folder, Guid store, TimeSpan patience) : IDisposable
{
    // Each of them is a new archive run that ended in between.
    private const int MostReads = 5;
    private readonly ConcurrentDictionary<string, Task<OrderFolder>> _open = new(StringComparer.Ordinal);

    /// <exception cref="StoreUnavailableException">The files cannot be read.</exception>
    public async Task<OrderRow?> FindAsync(IEnumerable<string> folders, OrderId id, CancellationToken cancellation)
    {
        OrderRow? newest = null;
        foreach (var name in folders)
        {
            if (await (await OpenAsync(name, cancellation).ConfigureAwait(false)).FindAsync(id, cancellation).ConfigureAwait(false) is { } row && !(newest?.Version >= row.Version))
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
            if (Reach(await database.MonthsAsync().ConfigureAwait(false), query, merged).SequenceEqual(Reach(months, query, merged)))
                return current;
        }

        throw new StoreUnavailableException("Orders are on their way to the archive.");
    }

    /// <summary>Whether each of these is there.</summary>
    /// <exception cref="StoreRefusedException">One is not, or nobody said where they are.</exception>
    public async Task RequireAsync(IReadOnlyList<ArchivedMonth> months, CancellationToken cancellation)
    {
        try
        {
            foreach (var month in months)
                await OpenAsync(month.Folder, cancellation).ConfigureAwait(false);
        }
        catch (StoreUnavailableException missing)
        {
            throw new StoreRefusedException(missing.Message);
        }
    }

    /// <summary>Whether every byte of a folder is as it was written.</summary>
    public async Task<bool> IsWholeAsync(string name, CancellationToken cancellation) =>
        await (await OpenAsync(name, cancellation).ConfigureAwait(false)).IsWholeAsync(cancellation).ConfigureAwait(false);

    public void Dispose()
    {
        // One that is still being opened has nothing open: readers come with the first reading.
        foreach (var open in _open.Values.Where(open => open.IsCompletedSuccessfully))
            open.Result.Dispose();
    }

    /// <summary>Whether some of what a page of rows should show may be in a file.</summary>
    public static bool IsNeeded(IEnumerable<ArchivedMonth> months, OrderQuery query, in OrderPage page) => !query.NeedsAttention && Reach(months, query, page).Any();

    // The months that a page goes back to.
    private static IEnumerable<ArchivedMonth> Reach(IEnumerable<ArchivedMonth> months, OrderQuery query, in OrderPage page)
    {
        var before = query.Before is { } cursor ? OrderLister.Key(cursor) : OrderLister.Key(UInt128.MaxValue);
        var end = page.Next is { } next ? OrderLister.Key(next) : OrderLister.Oldest(query);
        return months.Where(month => before > month.Low && end < month.High);
    }

    // The newest first, and no further back than the page goes.
    private async Task<OrderPage> MergeAsync(OrderQuery query, int[]? only, OrderPage page, IReadOnlyList<ArchivedMonth> months, CancellationToken cancellation)
    {
        foreach (var month in months)
        {
            if (Reach([month], query, page).Any())
            {
                var opened = await OpenAsync(month.Folder, cancellation).ConfigureAwait(false);
                page = MergedPages.Merge([page, await opened.PageAsync(query, only, cancellation).ConfigureAwait(false)], query.Limit);
            }
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

    // One opening a folder at a time, however many wait for it: an archive that has fallen silent holds no more threads than it has folders.
    private async Task<OrderFolder> OpenAsync(string name, CancellationToken cancellation)
    {
        if (folder is null)
            throw new StoreUnavailableException($"Orders are archived in '{name}', and this process was not told where: --archive names the folder that it is in.");
        var opening = _open.GetOrAdd(name, name => Task.Run(() => new OrderFolder(Path.Combine(folder, name), store, patience), CancellationToken.None));
        try
        {
            return await ArchiveReading.WaitAsync(opening, Path.Combine(folder, name), patience, cancellation).ConfigureAwait(false);
        }
        finally
        {
            // Whoever comes next tries again.
            if (opening.IsFaulted)
                _open.TryRemove(KeyValuePair.Create(name, opening));
        }
    }
}
