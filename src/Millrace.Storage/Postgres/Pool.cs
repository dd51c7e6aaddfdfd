using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>
/// The connections of one purpose. A statement that is not answered in time is left alone, with the whole pool that it came from: where a server has
/// fallen silent neither a cancellation nor a closing is sure to end. The next statement has new connections.
/// </summary>
internal sealed class Pool(Func<NpgsqlDataSource> make, TimeSpan patience) : IAsyncDisposable
{
    // By then the kernel has given up on the first; until it does, the last pool is kept, and its connections run out.
    private const int MostLeft = 64;
    private readonly Lock _lock = new();
    private NpgsqlDataSource _source = make();
    private int _left;

    /// <summary>For work that may take longer, such as an import.</summary>
    public NpgsqlDataSource Source => Volatile.Read(ref _source);

    /// <param name="statements">Each has the pool's time.</param>
    /// <exception cref="StoreUnavailableException">No answer in time; whether it was done is not known.</exception>
    public async Task<T> RunAsync<T>(Func<NpgsqlDataSource, Task<T>> run, int statements = 1)
    {
        var source = Source;
        var limit = patience * statements;
        var running = run(source);
        try
        {
            return await running.WaitAsync(limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // In the last moment it may have ended after all: as it did.
            if (running.IsCompleted)
                return await running.ConfigureAwait(false);
            Leave(source, running);
            throw new StoreUnavailableException($"PostgreSQL did not answer within {limit.TotalSeconds:F0} s.");
        }
    }

    public ValueTask DisposeAsync() => Source.DisposeAsync();

    private void Leave(NpgsqlDataSource source, Task running)
    {
        lock (_lock)
        {
            // The first of those that wait renews it for all.
            if (ReferenceEquals(_source, source) && _left < MostLeft)
            {
                _source = make();
                _left++;
                _ = DisposeAfterAsync(source, running);
                return;
            }
        }

        // Nobody asks any more what became of it.
        _ = running.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
    }

    private async Task DisposeAfterAsync(NpgsqlDataSource source, Task running)
    {
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await source.DisposeAsync().ConfigureAwait(false);
        lock (_lock)
            _left--;
    }
}
