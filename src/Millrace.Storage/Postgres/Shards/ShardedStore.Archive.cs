using Millrace.Engine.Journal;
using Millrace.Storage.Postgres.Archive;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>Days of the journal that leave the databases for files. See docs/archive.md.</summary>
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
        // Not made: a disk that is not mounted would otherwise be filled under its mount point.
        if (!Directory.Exists(folder))
            throw new StoreRefusedException($"There is no folder '{folder}' for the archive.");
        try
        {
            var reports = new List<ArchiveReport>();
            foreach (var shard in _shards)
            {
                var store = await shard.OpenAsync(cancellation).ConfigureAwait(false);
                var archiver = new JournalArchiver(store, shard.Moves, folder) { After = step => after($"{shard.Name}: {step}") };
                reports.Add(await archiver.RunAsync(new ArchivePlan(olderThanDays), isDryRun, cancellation).ConfigureAwait(false));
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
                starts.Add(partition, start);
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
