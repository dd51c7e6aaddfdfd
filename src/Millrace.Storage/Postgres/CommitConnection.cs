using System.Runtime.CompilerServices;
using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>
/// The one connection that appends. A commit is never cancelled and has no time-out: a cancelled wait for a synchronous standby leaves a
/// commit that is visible and not replicated. One that takes too long is left alone, with its connection, and counts as ambiguous.
/// </summary>
internal sealed class CommitConnection(NpgsqlDataSource source, ServerSettings settings, TimeSpan patience) : IAsyncDisposable
{
    // Whoever stands still this long ago and does not even close its connection is the network's fault; the next commit waits for it.
    private const int MostAbandoned = 16;
    // Its writer commits one group after the other. But what that of another database still had of a partition when it moved here comes on that one's thread.
    private readonly SemaphoreSlim _turn = new(1, 1);
    private NpgsqlConnection? _connection;
    // Of the connection: one that was left alone may yet be warned.
    private StrongBox<bool> _warned = new();
    private int _abandoned;

    /// <summary>Runs a statement that commits by itself, and reads its rows.</summary>
    /// <exception cref="StoreUnavailableException">It was never sent, or the server rolled it back.</exception>
    /// <exception cref="AmbiguousCommitException">It may or may not be durable.</exception>
    public async Task<T> RunAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, Task<T>> read)
    {
        await _turn.WaitAsync().ConfigureAwait(false);
        try
        {
            return await RunInTurnAsync(command, read).ConfigureAwait(false);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<T> RunInTurnAsync<T>(NpgsqlCommand command, Func<NpgsqlDataReader, Task<T>> read)
    {
        var connection = await ConnectAsync().ConfigureAwait(false);
        var running = RunAsync(connection, command, read);
        if (await Task.WhenAny(running, Task.Delay(patience)).ConfigureAwait(false) != running)
        {
            Abandon(connection, running);
            throw new AmbiguousCommitException($"PostgreSQL did not answer a commit within {patience.TotalSeconds:F0} s.");
        }

        try
        {
            var result = await running.ConfigureAwait(false);
            if (!_warned.Value)
                return result;
            await CloseAsync().ConfigureAwait(false);
            throw new AmbiguousCommitException("PostgreSQL stopped waiting for its standby: the commit may not be replicated.");
        }
        catch (StoreRefusedException unsafeNow)
        {
            await CloseAsync().ConfigureAwait(false);
            throw new AmbiguousCommitException(unsafeNow.Message, unsafeNow);
        }
        catch (Exception fault) when (PostgresFaults.IsRolledBack(fault))
        {
            await CloseAsync().ConfigureAwait(false);
            throw PostgresFaults.Unavailable(fault);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            await CloseAsync().ConfigureAwait(false);
            throw PostgresFaults.Ambiguous(fault);
        }
    }

    public async ValueTask DisposeAsync() => await CloseAsync().ConfigureAwait(false);

    private async Task<T> RunAsync<T>(NpgsqlConnection connection, NpgsqlCommand command, Func<NpgsqlDataReader, Task<T>> read)
    {
        command.Connection = connection;
        var reader = await command.ExecuteReaderAsync(CancellationToken.None).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var result = await read(reader).ConfigureAwait(false);
            // The rows come before the commit: only the end of the answer says that it was made.
            while (await reader.NextResultAsync(CancellationToken.None).ConfigureAwait(false))
            {
            }

            await reader.CloseAsync().ConfigureAwait(false);
            // A failover manager that gives up on standbys takes them out of the settings, and everybody's wait ends as if they had answered.
            if (settings.MustAskAgain)
                await settings.RequireAsync(connection).ConfigureAwait(false);
            return result;
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync()
    {
        if (_connection is { FullState: System.Data.ConnectionState.Open } open)
            return open;
        await CloseAsync().ConfigureAwait(false);
        if (Volatile.Read(ref _abandoned) >= MostAbandoned)
            throw new StoreUnavailableException("PostgreSQL does not answer.");
        NpgsqlConnection? connection = null;
        try
        {
            connection = await source.OpenConnectionAsync(CancellationToken.None).ConfigureAwait(false);
            var asking = settings.RequireAsync(connection);
            if (await Task.WhenAny(asking, Task.Delay(patience)).ConfigureAwait(false) != asking)
            {
                Abandon(connection, asking);
                throw new StoreUnavailableException($"PostgreSQL did not answer a new connection within {patience.TotalSeconds:F0} s.");
            }

            await asking.ConfigureAwait(false);
            var warned = _warned = new StrongBox<bool>();
            // A wait for the standby that is broken off is told as a warning, and the commit as a success.
            connection.Notice += (_, notice) => warned.Value |= notice.Notice.InvariantSeverity == "WARNING";
            return _connection = connection;
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault) || fault is StoreRefusedException)
        {
            if (connection is not null)
                await connection.DisposeAsync().ConfigureAwait(false);
            // Also a server that came up unsafe after a failover: it gets nothing, and is asked again.
            throw PostgresFaults.Unavailable(fault);
        }
    }

    private void Abandon(NpgsqlConnection connection, Task running)
    {
        _connection = null;
        Interlocked.Increment(ref _abandoned);
        _ = running.ContinueWith(
            async ended =>
            {
                // Nobody asks any more what became of it.
                _ = ended.Exception;
                try
                {
                    await connection.DisposeAsync().ConfigureAwait(false);
                }
                finally
                {
                    Interlocked.Decrement(ref _abandoned);
                }
            },
            TaskScheduler.Default);
    }

    private async Task CloseAsync()
    {
        if (_connection is not { } connection)
            return;
        _connection = null;
        var closing = connection.DisposeAsync().AsTask();
        if (await Task.WhenAny(closing, Task.Delay(patience)).ConfigureAwait(false) == closing)
            await closing.ConfigureAwait(false);
        else
            Abandon(connection, closing);
    }
}
