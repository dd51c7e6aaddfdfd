using Millrace.Storage.Sqlite.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>
/// A journal file that is filled row by row from another. Rows never change, so they are read a few at a time while others are appended, and
/// no lock of the store is held. Each batch is checked against its chain on the way: damage is not backed up in silence.
/// </summary>
internal sealed class JournalCopy : IDisposable
{
    private readonly SqliteSession _file;
    private readonly ChainWalk[] _walks;
    private readonly JournalFrames _frames = new();

    public JournalCopy(string path, int partitionCount)
    {
        var factory = new SqliteConnectionFactory(path, SqliteSynchronous.Off, checkpointPages: 0, cacheMegabytes: 4);
        _walks = [.. Enumerable.Range(0, partitionCount).Select(partition => new ChainWalk(partition, default))];
        _file = factory.OpenWriter();
        try
        {
            Migrations.SchemaMigrations.Apply(_file, path, "Journal");
            // Nobody recovers a half-made copy, and it is synced when it is whole.
            _file.Execute("PRAGMA journal_mode = OFF");
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The last row that was copied.</summary>
    public long Position { get; private set; }

    public void Add(IReadOnlyList<JournalRow> rows)
    {
        _file.Execute("BEGIN");
        foreach (var row in rows)
        {
            if (row.Lost is not null)
                throw Damaged(row.Lost);
            _frames.Start(row.Position, row.Batches.Count);
            foreach (var batch in row.Batches)
            {
                if (!_walks[batch.Partition].Accept(batch, row.Position))
                    throw Damaged(_walks[batch.Partition].Damage!.Message);
                _frames.Add(batch);
            }

            _file.Statement("INSERT INTO journal (position, batches) VALUES (?1, ?2)").Bind(1, row.Position).Bind(2, _frames.Bytes).Run();
            Position = row.Position;
        }

        _file.Execute("COMMIT");
    }

    /// <summary>Writes what stands beside the rows.</summary>
    /// <param name="ends">What each partition's log must end with, by the store's own word.</param>
    public void Finish(StoreRow store, IReadOnlyList<(long Epoch, BatchMark Last)> ends)
    {
        for (var partition = 0; partition < _walks.Length; partition++)
        {
            var (walked, end) = (_walks[partition].Last, ends[partition].Last);
            if ((walked.Seq, walked.Chain) != (end.Seq, end.Chain))
                throw Damaged($"partition {partition} should end at {end.Seq} and ends at {walked.Seq}");
        }

        store.Insert(_file, [.. ends.Select(end => end.Epoch)]);
        _file.Statement("UPDATE journal_end SET position = ?1").Bind(1, Position).Run();
    }

    public void Dispose() => _file.Dispose();

    private static BackupFailedException Damaged(string what) =>
        new($"The journal is damaged and is not backed up: {what}. Keep the earlier backups; 'millrace verify' says more once the server is stopped.");
}
