using System.Diagnostics;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Backup;
using Millrace.Storage.Sqlite.Journal;

namespace Millrace.Storage.Sqlite;

public sealed partial class SqliteStore
{
    private const int PageBytes = 8192;

    /// <summary>
    /// Copies journal and read model into a folder while the store is written. The journal comes last: the read model may be older than its journal, never
    /// newer. Most of the journal is copied before the read model all the same, so that the copy is of its last moments and little is left to replay.
    /// </summary>
    /// <param name="directory">Exists, and is empty.</param>
    /// <param name="advanced">Told of bytes that are copied.</param>
    /// <param name="cancellation">Leaves what was written so far.</param>
    /// <returns>The last sequence of each partition.</returns>
    internal async Task<long[]> CopyToAsync(string directory, Action<long> advanced, CancellationToken cancellation)
    {
        using var journal = new JournalCopy(Path.Combine(directory, StoreFolder.JournalName), PartitionCount);
        await CopyRowsAsync(journal, Ends().Position, advanced, cancellation);
        await CopyReadModelAsync(Path.Combine(directory, StoreFolder.ReadModelName), advanced, cancellation);
        // Taken after the read model's last step: at or beyond the row that it has seen.
        var (position, ends) = Ends();
        await CopyRowsAsync(journal, position, advanced, cancellation);
        journal.Finish(_row, ends);
        return Array.ConvertAll(ends, end => end.Last.Seq);
    }

    private (long Position, (long Epoch, BatchMark Last)[] Ends) Ends()
    {
        lock (_writing)
        {
            Ready();
            if (Array.Find(_heads, head => head.Damage is not null) is { } damaged)
                throw damaged.Damage!;
            return (_lastPosition, Array.ConvertAll(_heads, head => (head.Epoch, head.Last)));
        }
    }

    private async Task CopyRowsAsync(JournalCopy copy, long to, Action<long> advanced, CancellationToken cancellation)
    {
        while (copy.Position < to)
        {
            var begun = Stopwatch.GetTimestamp();
            var rows = await ReadPieceAsync(copy.Position + 1, to, only: null, cancellation);
            copy.Add(rows);
            advanced(rows.Sum(row => row.Batches.Sum(batch => (long)JournalFrames.HeaderLength + batch.Payload.Length)));
            await RestAsync(begun, cancellation);
        }
    }

    private async Task CopyReadModelAsync(string path, Action<long> advanced, CancellationToken cancellation)
    {
        ReadModelCopy copy;
        lock (_checkpointing)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            copy = new ReadModelCopy(_readModel.Session, path);
        }

        try
        {
            for (long done = 0; ;)
            {
                var begun = Stopwatch.GetTimestamp();
                bool isWhole;
                lock (_checkpointing)
                {
                    if (_closed || _readModel.Session != copy.Source)
                        throw new StoreUnavailableException("The read model's connection was lost while it was copied; try again.");
                    isWhole = copy.Step();
                }

                advanced((copy.Done - done) * PageBytes);
                done = copy.Done;
                if (isWhole)
                    return;
                await RestAsync(begun, cancellation);
            }
        }
        finally
        {
            lock (_checkpointing)
                copy.Dispose();
        }
    }

    // As long as it worked: half of a processor and of the disk is left to those who wait for an answer, and the lock to checkpoints.
    private static Task RestAsync(long begun, CancellationToken cancellation) => Task.Delay(
        TimeSpan.FromMilliseconds(Math.Clamp(Stopwatch.GetElapsedTime(begun).TotalMilliseconds, 1, 100)), cancellation);
}
