using Microsoft.Data.Sqlite;
using Millrace.Storage.Sqlite.Native;
using SQLitePCL;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>
/// A copy of the read model, a few pages at a time, with SQLite's backup interface on the very connection that writes: what is written between two
/// steps goes to the copy too, so it never starts over and ends as of its last step, and no snapshot keeps the write-ahead log from being reused
/// meanwhile. https://www.sqlite.org/backup.html Used under the lock of checkpoints only.
/// </summary>
internal sealed class ReadModelCopy : IDisposable
{
    /// <summary>1 MB of pages, about a millisecond: as long as a checkpoint may wait.</summary>
    private const int PagesInStep = 128;

    /// <summary>A checkpoint that is rolled back makes SQLite start over; a disk that fails that often is no disk to back up.</summary>
    private const int MostRounds = 4;

    private readonly SqliteConnection _file;
    private readonly sqlite3_backup _backup;
    private long _steps;

    public ReadModelCopy(SqliteSession source, string path)
    {
        Source = source;
        _file = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            _file.Open();
            using (var settings = _file.CreateCommand())
            {
                // Nobody recovers a half-made copy, and it is synced when it is whole. A small cache keeps the last step short.
                settings.CommandText = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024";
                settings.ExecuteNonQuery();
            }

            _backup = raw.sqlite3_backup_init(_file.Handle!, "main", source.Connection.Handle!, "main");
            if (_backup.IsInvalid)
                throw new SqliteException(raw.sqlite3_errmsg(_file.Handle!).utf8_to_string(), raw.sqlite3_errcode(_file.Handle!));
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The connection that it copies from; without it the copy cannot go on.</summary>
    public SqliteSession Source { get; }

    /// <summary>Pages that are copied.</summary>
    public long Done => raw.sqlite3_backup_pagecount(_backup) - raw.sqlite3_backup_remaining(_backup);

    /// <returns>True when the copy is whole, and of this moment.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_backup_step(_backup, PagesInStep);
        if (code == raw.SQLITE_DONE)
            return true;
        if (code != raw.SQLITE_OK)
            throw new SqliteException(raw.sqlite3_errstr(code).utf8_to_string(), code & 0xFF, code);
        if (++_steps * PagesInStep > MostRounds * (long)raw.sqlite3_backup_pagecount(_backup))
            throw new BackupFailedException("The read model was written back too often to be copied: the store's disk fails.");
        return false;
    }

    public void Dispose()
    {
        // Its result repeats that of a step, which has been thrown.
        _ = raw.sqlite3_backup_finish(_backup);
        _file.Dispose();
    }
}
