using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>All archived days of one store, in a folder: its logs from their beginning to where the databases go on.</summary>
internal sealed class JournalArchive(string folder, Guid store)
{
    /// <summary>In an order in which each log has no gap; where partitions were moved, that is not the order of the days. What two folders have is given once:
    /// an archiver that was killed before the removal, and a move after it, leave such.</summary>
    /// <param name="ends">Where the databases go on.</param>
    /// <exception cref="InvalidDataException">A folder is damaged or missing.</exception>
    public async IAsyncEnumerable<PartitionBatch> ReadAsync(
        IReadOnlyDictionary<int, (long Seq, UInt128 Chain)> ends, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        // What a database still has, because the removal did not come to its end, is read there.
        var left = Directory.EnumerateDirectories(folder, "journal-*").Where(path => File.Exists(Path.Combine(path, ArchiveManifest.FileName)))
            .Where(path => !path.EndsWith(ArchiveFolder.Unfinished, StringComparison.Ordinal))
            .Select(path => (Path: path, Manifest: ArchiveManifest.Read(path)))
            .Where(found => found.Manifest.StoreId == store && found.Manifest.Ranges.All(range => range.LastSeq <= ends.GetValueOrDefault(range.Partition).Seq))
            .OrderBy(found => found.Manifest.FirstDay).ToList();
        var reached = new Dictionary<int, (long Seq, UInt128 Chain)>();
        int next;
        while ((next = left.FindIndex(found => found.Manifest.Ranges.All(range => range.Start.Seq <= reached.GetValueOrDefault(range.Partition).Seq))) >= 0)
        {
            await foreach (var batch in new ArchiveFolder(left[next].Path).ReadAsync(cancellation).ConfigureAwait(false))
            {
                var (seq, chain) = reached.GetValueOrDefault(batch.Partition);
                if (batch.LastSeq <= seq)
                    continue;
                if ((batch.FirstSeq, batch.PreviousChain) != (seq + 1, chain))
                    throw new InvalidDataException($"{left[next].Path}: partition {batch.Partition} does not go on at {batch.FirstSeq} where the folders before it end.");
                yield return batch;
                reached[batch.Partition] = (batch.LastSeq, batch.Chain);
            }

            left.RemoveAt(next);
        }

        foreach (var (partition, end) in ends)
        {
            if (reached.GetValueOrDefault(partition) != end)
                throw new InvalidDataException(
                    $"The archive in '{folder}' has partition {partition} until {reached.GetValueOrDefault(partition).Seq}, and its database goes on after {end.Seq}: a folder is missing or of another time.");
        }
    }
}
