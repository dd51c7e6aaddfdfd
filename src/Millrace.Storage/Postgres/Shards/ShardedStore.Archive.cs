using Millrace.Engine.Journal;
using Millrace.Storage.Postgres.Archive;
using Millrace.Storage.Postgres.Archive.Orders;
using Npgsql;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Days of the journal, and months of orders, that leave the databases for files. See docs/archive.md.</summary>
public sealed partial class ShardedStore
{
    /// <summary>Archives the days that are old enough and that no recovery needs, of each database in turn. Nodes may serve meanwhile.</summary>
    /// <param name="folder">Holds the archive; must exist.</param>
    /// <param name="olderThanDays">At least 1: the day that is being written is never archived.</param>
    /// <param name="isDryRun">Only says what would be archived.</param>
    /// <param name="after">Told each step that is done. What it throws ends the work there.</param>
    /// <param name="cancellation">Ends it between two steps.</param>
    /// <returns>One a database.</returns>
    /// <exception cref="StoreUnavailableException">A database cannot be reached, or is read all the time; run it again.</exception>
    /// <exception cref="JournalCorruptException">The journal is damaged there: nothing of these days was removed.</exception>
    /// <exception cref="InvalidDataException">What was written is not what is read back: nothing of these days was removed.</exception>
    public async Task<IReadOnlyList<ArchiveReport>> ArchiveAsync(
        string folder, int olderThanDays, bool isDryRun, Action<string> after, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThanDays, 1);
        return await ArchiveAsync(folder, after, (store, source, told) => new JournalArchiver(store, source, folder) { After = told }
            .RunAsync(new ArchivePlan(olderThanDays), isDryRun, cancellation), cancellation).ConfigureAwait(false);
    }

    /// <summary>Archives the months of orders that ended long enough ago, of each database in turn. Nodes that were told of the folder serve on; an order that
    /// is not finished stays.</summary>
    /// <param name="folder">Holds the archive; must exist.</param>
    /// <param name="olderThanDays">Days since the end of the month; at least 31.</param>
    /// <param name="isDryRun">Only says what would be archived.</param>
    /// <param name="after">Told each step that is done. What it throws ends the work there.</param>
    /// <param name="cancellation">Ends it between two pieces.</param>
    /// <param name="fewest">Orders that came back into the database and make another file of their month.</param>
    /// <exception cref="StoreRefusedException">The folder is not where the months are that are archived already.</exception>
    /// <exception cref="StoreUnavailableException">A database cannot be reached, or is read all the time; run it again.</exception>
    /// <exception cref="InvalidDataException">What was written is not what is read back: nothing of that month was removed.</exception>
    public async Task<IReadOnlyList<ArchivedOrders>> ArchiveOrdersAsync(
        string folder, int olderThanDays, bool isDryRun, Action<string> after, CancellationToken cancellation, int fewest = 1_000)
    {
        ArgumentNullException.ThrowIfNull(after);
        ArgumentOutOfRangeException.ThrowIfLessThan(olderThanDays, 31);
        var reports = await ArchiveAsync(folder, after, (store, source, told) => new OrderArchiver(store, source, folder) { Tell = told }
            .RunAsync(new OrderMonths(olderThanDays) { Fewest = fewest }, isDryRun, cancellation), cancellation).ConfigureAwait(false);
        return [.. reports.SelectMany(report => report)];
    }

    /// <summary>Whether the archive has the months that the databases say it has.</summary>
    /// <exception cref="StoreRefusedException">It does not, or none was given.</exception>
    public async Task RequireArchiveAsync(CancellationToken cancellation)
    {
        foreach (var shard in _shards)
        {
            if (shard.Opened is { } store)
                await store.RequireArchiveAsync(cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>Each folder of orders that a database names, with whether every byte of it is as it was written.</summary>
    public async IAsyncEnumerable<(string Folder, bool IsWhole)> VerifyArchiveAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (var shard in _shards)
        {
            var store = await shard.OpenAsync(cancellation).ConfigureAwait(false);
            await foreach (var month in store.VerifyArchiveAsync(cancellation).ConfigureAwait(false))
                yield return month;
        }
    }

    private async Task<List<T>> ArchiveAsync<T>(
        string folder, Action<string> after, Func<PostgresStore, NpgsqlDataSource, Action<string>, Task<T>> archive, CancellationToken cancellation)
    {
        // Not made: a disk that is not mounted would otherwise be filled under its mount point.
        if (!Directory.Exists(folder))
            throw new StoreRefusedException($"There is no folder '{folder}' for the archive.");
        try
        {
            var reports = new List<T>();
            foreach (var shard in _shards)
            {
                var store = await shard.OpenAsync(cancellation).ConfigureAwait(false);
                reports.Add(await archive(store, shard.Moves, step => after($"{shard.Name}: {step}")).ConfigureAwait(false));
            }

            return reports;
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) && fault is not IOException)
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    /// <summary>Where the logs of partitions begin whose first days are archived: the last batch that is not in a database any more.</summary>
    public async Task<IReadOnlyDictionary<int, (long Seq, UInt128 Chain)>> ReadArchivedAsync(CancellationToken cancellation)
    {
        var starts = new Dictionary<int, (long, UInt128)>();
        foreach (var shard in _shards)
        {
            var store = await shard.OpenAsync(cancellation).ConfigureAwait(false);
            foreach (var (partition, start) in await store.ReadArchivedAsync(cancellation).ConfigureAwait(false))
            {
                // One that is in two databases is for a verification to tell of: its log is read where its calls go to.
                if (!starts.TryAdd(partition, start) && _shards[WriterOf(partition)] == shard)
                    starts[partition] = start;
            }
        }

        return starts;
    }

    /// <summary>The batches that are archived, as <see cref="IJournal.ReadAsync"/> gives those that are not; a partition's in order, partitions mixed.</summary>
    /// <param name="folder">The whole archive.</param>
    /// <param name="starts">Of <see cref="ReadArchivedAsync"/>.</param>
    /// <exception cref="InvalidDataException">A folder of the archive is damaged or missing.</exception>
    public IAsyncEnumerable<PartitionBatch> ReadArchiveAsync(
        string folder, IReadOnlyDictionary<int, (long Seq, UInt128 Chain)> starts, CancellationToken cancellation) =>
        new JournalArchive(folder, Home.Opened!.Identity.StoreId).ReadAsync(starts, cancellation);
}
