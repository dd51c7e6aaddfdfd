using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite.Native;

/// <summary>Read-only connections, so that no read waits for a commit or holds one up. Thread-safe.</summary>
internal sealed class ReaderPool(Func<SqliteSession> open, int most = ReaderPool.MostReaders) : IDisposable
{
    /// <summary>More readers than this at once would only fight over the processor and the page cache.</summary>
    private const int MostReaders = 8;

    private readonly SemaphoreSlim _free = new(most);
    private readonly ConcurrentBag<SqliteSession> _idle = [];
    private volatile bool _closed;

    /// <summary>Runs <paramref name="read"/> on the caller's thread, over one snapshot of the store.</summary>
    public async ValueTask<T> ReadAsync<TArgument, T>(
        TArgument argument, Func<SqliteSession, TArgument, T> read, CancellationToken cancellation)
    {
        await _free.WaitAsync(cancellation);
        SqliteSession? session = null;
        try
        {
            if (_closed)
                throw new StoreUnavailableException("The store is closed.");
            if (!_idle.TryTake(out session))
                session = open();
            session.Execute("BEGIN");
            var result = read(session, argument);
            session.Execute("COMMIT");
            _idle.Add(session);
            session = null;
            return result;
        }
        catch (SqliteException fault) when (SqliteConnectionFactory.IsDamage(fault))
        {
            throw new InvalidDataException($"The store is damaged: {fault.Message}", fault);
        }
        catch (SqliteException fault)
        {
            throw new StoreUnavailableException($"The store cannot be read: {fault.Message}", fault);
        }
        finally
        {
            // Still here only when the read failed: its transaction may be open, so it is not used again.
            session?.Dispose();
            _free.Release();
            if (_closed)
                DisposeIdle();
        }
    }

    /// <summary>Connections in use are closed when they come back.</summary>
    public void Dispose()
    {
        _closed = true;
        DisposeIdle();
    }

    private void DisposeIdle()
    {
        while (_idle.TryTake(out var session))
            session.Dispose();
    }
}
