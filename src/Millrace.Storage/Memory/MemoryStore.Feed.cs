using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Memory;

/// <summary>A log for each partition, whose positions are its sequences.</summary>
public sealed partial class MemoryStore : IJournalFeed
{
    public int LogCount => PartitionCount;

    public ValueTask<LogBounds[]> ReadBoundsAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        lock (disk.Gate)
            return ValueTask.FromResult(Array.ConvertAll(disk.Partitions, partition => new LogBounds(0, partition.Seq)));
    }

    public async IAsyncEnumerable<LogEntry> ReadLogAsync(int log, long after, long end, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var batch in ReadAsync(log, after, cancellation))
        {
            if (batch.LastSeq > end)
                yield break;
            yield return LogEntry.Of(batch);
        }
    }
}
