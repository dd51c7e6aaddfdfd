using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;
using SQLitePCL;

namespace Millrace.Storage.Sqlite.Native;

/// <summary>
/// The one connection that writes to a file, and the judgement of what a failed commit means. Used under the file's lock only.
/// </summary>
internal sealed class SqliteWriter(SqliteConnectionFactory factory, SqliteSession session) : IDisposable
{
    private SqliteSession? _session = session;

    public SqliteConnectionFactory Factory => factory;

    public CommitFault Fault { get; } = new();

    /// <summary>The connection, opened again when an ambiguous commit dropped it.</summary>
    public SqliteSession Session
    {
        get
        {
            try
            {
                return _session ??= factory.OpenWriter();
            }
            catch (SqliteException fault)
            {
                throw Unavailable(fault);
            }
        }
    }

    public void Begin()
    {
        try
        {
            Session.Execute("BEGIN IMMEDIATE");
        }
        catch (SqliteException fault)
        {
            throw Unavailable(fault);
        }
    }

    /// <exception cref="StoreUnavailableException">Nothing was committed.</exception>
    /// <exception cref="AmbiguousCommitException">It is not known; the connection is gone.</exception>
    public void Commit()
    {
        try
        {
            ThrowIfFault(Fault.Before());
            Session.Execute("COMMIT");
            ThrowIfFault(Fault.After());
        }
        catch (SqliteException fault)
        {
            // FULL: the disk had no room for the commit frame, so the WAL ends before it. BUSY: never begun. Any other
            // failure, above all that of the sync, may come after a commit frame that a crash would bring back.
            if (fault.SqliteErrorCode is raw.SQLITE_FULL or raw.SQLITE_BUSY && TryRollback())
                throw Unavailable(fault);
            Drop();
            throw new AmbiguousCommitException($"The store did not say whether it committed: {fault.Message}", fault);
        }
    }

    /// <summary>Undoes what was not committed. A connection that cannot is dropped, which does the same.</summary>
    public void Rollback()
    {
        if (!TryRollback())
            Drop();
    }

    public void Dispose() => Drop();

    public static StoreUnavailableException Unavailable(SqliteException fault) =>
        new($"The store cannot be written: {fault.Message}", fault);

    private bool TryRollback()
    {
        if (_session is null)
            return true;
        try
        {
            // Some errors have rolled back by themselves.
            if (!_session.IsAutoCommit)
                _session.Execute("ROLLBACK");
            return _session.IsAutoCommit;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private void Drop()
    {
        _session?.Dispose();
        _session = null;
    }

    private static void ThrowIfFault(int code)
    {
        if (code != raw.SQLITE_OK)
            throw new SqliteException("injected fault", code & 0xFF, code);
    }
}
