using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;
using SQLitePCL;

namespace Millrace.Storage.Sqlite.Native;

/// <summary>Opens connections to one file with the settings that durability and speed rest on.</summary>
/// <param name="path">The file.</param>
/// <param name="synchronous">When a commit is made durable.</param>
/// <param name="checkpointPages">Pages in the write-ahead log at which the commit that passes them copies all into the file.</param>
/// <param name="cacheMegabytes">Pages that the writer keeps.</param>
internal sealed class SqliteConnectionFactory(string path, SqliteSynchronous synchronous, int checkpointPages, int cacheMegabytes)
{
    /// <summary>"MLRC": tells our file from any other SQLite database.</summary>
    private const int ApplicationId = 0x4D4C5243;

    /// <summary>3.51.3: older ones can lose commits when the WAL is reset. https://www.sqlite.org/wal.html#walresetbug</summary>
    private const int OldestLibrary = 3_051_003;

    private const int CorruptFile = raw.SQLITE_CORRUPT;
    private const int NotADatabase = raw.SQLITE_NOTADB;

    public string Path => path;

    public static string LibraryVersion
    {
        get
        {
            Batteries_V2.Init();
            return raw.sqlite3_libversion().utf8_to_string();
        }
    }

    public static bool IsDamage(SqliteException fault) => fault.SqliteErrorCode is CorruptFile or NotADatabase;

    public static void RequireLibrary()
    {
        Batteries_V2.Init();
        if (raw.sqlite3_libversion_number() < OldestLibrary)
            throw new StoreRefusedException($"SQLite {LibraryVersion} can lose commits; 3.51.3 or later is needed.");
    }

    public SqliteSession OpenWriter()
    {
        var session = Open(SqliteOpenMode.ReadWriteCreate);
        try
        {
            RequireOwnFile(session);
            session.Execute("PRAGMA journal_mode = WAL");
            session.Execute(synchronous switch
            {
                SqliteSynchronous.Off => "PRAGMA synchronous = OFF",
                SqliteSynchronous.Normal => "PRAGMA synchronous = NORMAL",
                _ => "PRAGMA synchronous = FULL",
            });
            session.Execute($"PRAGMA cache_size = -{cacheMegabytes * 1024}");
            session.Execute($"PRAGMA wal_autocheckpoint = {checkpointPages}");
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    public SqliteSession OpenReader() => Open(SqliteOpenMode.ReadOnly);

    private SqliteSession Open(SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = mode,
            Pooling = false,
        }.ToString());
        try
        {
            connection.Open();
            var session = new SqliteSession(connection);
            session.Execute("PRAGMA busy_timeout = 5000");
            return session;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void RequireOwnFile(SqliteSession session)
    {
        try
        {
            var application = session.Scalar("PRAGMA application_id");
            if (application == ApplicationId)
                return;
            if (application != 0 || session.Scalar("SELECT count(*) FROM sqlite_master") != 0)
                throw new StoreRefusedException($"{path} is not a Millrace store.");
        }
        catch (SqliteException fault) when (IsDamage(fault))
        {
            throw new StoreRefusedException($"{path} is not a Millrace store: {fault.Message}");
        }

        // The page size can only be chosen before the first write.
        session.Execute("PRAGMA page_size = 8192");
        session.Execute($"PRAGMA application_id = {ApplicationId}");
    }
}
