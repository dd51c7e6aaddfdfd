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
        var path = Path.Combine(directory, StoreFolder.JournalName);
        using var journal = new JournalCopy(path, PartitionCount);
        await CopyRowsAsync(journal, path, Ends().Position, advanced, cancellation);
        await CopyReadModelAsync(Path.Combine(directory, StoreFolder.ReadModelName), advanced, cancellation);
        // Taken after the read model's last step: at or beyond the row that it has seen.
        var (position, ends) = Ends();
        await CopyRowsAsync(journal, path, position, advanced, cancellation);
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

    private async Task CopyRowsAsync(JournalCopy copy, string path, long to, Action<long> advanced, CancellationToken cancellation)
    {
        for (long unsynced = 0; copy.Position < to;)
        {
            var begun = Stopwatch.GetTimestamp();
            var rows = await ReadPieceAsync(copy.Position + 1, to, only: null, cancellation);
            copy.Add(rows);
            var bytes = rows.Sum(row => row.Batches.Sum(batch => (long)JournalFrames.HeaderLength + batch.Payload.Length));
            advanced(bytes);
            unsynced = SyncBeyond(path, unsynced + bytes);
            await BackupPace.RestAsync(begun, cancellation);
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
            for (long done = 0, unsynced = 0; ;)
            {
                var begun = Stopwatch.GetTimestamp();
                bool isWhole;
                lock (_checkpointing)
                {
                    if (_closed || _readModel.Session != copy.Source)
                        throw new StoreUnavailableException("The read model's connection was lost while it was copied; try again.");
                    isWhole = copy.Step();
                }

                var bytes = (copy.Done - done) * PageBytes;
                advanced(bytes);
                done = copy.Done;
                if (isWhole)
                    return;
                unsynced = SyncBeyond(path, unsynced + bytes);
                await BackupPace.RestAsync(begun, cancellation);
            }
        }
        finally
        {
            lock (_checkpointing)
                copy.Dispose();
        }
    }

    /// <returns>The bytes that are not synced yet.</returns>
    private static long SyncBeyond(string path, long unsynced)
    {
        if (unsynced < BackupPace.MostUnsyncedBytes)
            return unsynced;
        DurableFiles.Sync(path);
        return 0;
    }
}
