using System.Security.Cryptography;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>One folder of an archive: written as <c>.partial</c>, durable and named when it is whole, and read again with every check there is.</summary>
internal sealed class ArchiveFolder(string path)
{
    public const string Unfinished = ".partial";

    public string Path => path;

    public bool Exists => Directory.Exists(path);

    /// <summary>Writes it anew; what a process that was killed has left half-made is removed.</summary>
    /// <param name="manifest">Without the file.</param>
    /// <param name="batches">As the manifest has their ranges.</param>
    public async Task WriteAsync(ArchiveManifest manifest, IAsyncEnumerable<PartitionBatch> batches, CancellationToken cancellation)
    {
        var partial = path + Unfinished;
        if (Directory.Exists(partial))
            Directory.Delete(partial, recursive: true);
        DurableFiles.CreateFolder(partial);
        var file = System.IO.Path.Combine(partial, BatchFile.Name);
        using (var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write, FileShare.None))
        {
            using var compressed = BatchFile.Compress(stream);
            await foreach (var batch in batches.WithCancellation(cancellation).ConfigureAwait(false))
                await BatchFile.WriteAsync(compressed, batch, cancellation).ConfigureAwait(false);
        }

        var hash = await DurableFiles.SealAsync(file, cancellation).ConfigureAwait(false);
        var whole = manifest with { File = new BackupFile(BatchFile.Name, new FileInfo(file).Length, hash) };
        DurableFiles.Write(System.IO.Path.Combine(partial, ArchiveManifest.FileName), whole.ToBytes());
        DurableFiles.Rename(partial, path);
    }

    /// <summary>Its batches, each checked against its checksum, its chain and what the manifest has of it.</summary>
    /// <exception cref="InvalidDataException">A byte of it is not as it was written.</exception>
    public async IAsyncEnumerable<PartitionBatch> ReadAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var manifest = ArchiveManifest.Read(path);
        var file = System.IO.Path.Combine(path, manifest.File.Name);
        using (var stream = File.OpenRead(file))
        {
            if (stream.Length != manifest.File.Bytes || Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellation).ConfigureAwait(false)) != manifest.File.Sha256)
                throw new InvalidDataException($"{file} is damaged: it is not what {ArchiveManifest.FileName} says.");
        }

        var ranges = new Queue<ArchivedRange>(manifest.Ranges);
        var (count, last) = (0L, ranges.Count > 0 ? ranges.Peek().Start : default);
        await foreach (var batch in BatchFile.ReadAsync(file, cancellation).ConfigureAwait(false))
        {
            if (!ranges.TryPeek(out var range) || batch.Partition != range.Partition || batch.FirstSeq != last.Seq + 1 || batch.PreviousChain != last.Chain || !batch.IsIntact())
                throw new InvalidDataException($"{file}: the batch of partition {batch.Partition} at {batch.FirstSeq} does not chain on to the one before.");
            yield return batch;
            (count, last) = (count + 1, (batch.LastSeq, batch.Chain));
            if (last.Seq < range.LastSeq)
                continue;
            RequireWhole(range, last, count);
            ranges.Dequeue();
            (count, last) = (0, ranges.TryPeek(out var next) ? next.Start : default);
        }

        if (ranges.TryPeek(out var missing))
            throw new InvalidDataException($"{file} ends before {missing.LastSeq} of partition {missing.Partition}.");

        void RequireWhole(ArchivedRange range, (long, UInt128) end, long batches)
        {
            if (end != range.End || batches != range.Batches)
                throw new InvalidDataException($"{file}: the batches of partition {range.Partition} do not end as {ArchiveManifest.FileName} says.");
        }
    }
}
