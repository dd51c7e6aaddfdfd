using Millrace.Engine.Journal;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>All archived days of one store, in a folder: its logs from their beginning to where the databases go on.</summary>
internal sealed class JournalArchive(string folder, Guid store)
{
    /// <summary>In an order in which each log has no gap; where partitions were moved, that is not the order of the days.</summary>
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
        while ((next = left.FindIndex(found => found.Manifest.Ranges.All(range => range.Start == reached.GetValueOrDefault(range.Partition)))) >= 0)
        {
            await foreach (var batch in new ArchiveFolder(left[next].Path).ReadAsync(cancellation).ConfigureAwait(false))
                yield return batch;
            foreach (var range in left[next].Manifest.Ranges)
                reached[range.Partition] = range.End;
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
