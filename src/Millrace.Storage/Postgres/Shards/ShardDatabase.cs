using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Shards;

/// <summary>One database of a store, opened when it can be reached: one that is away when a node starts keeps nobody from serving the others.</summary>
internal sealed class ShardDatabase : IAsyncDisposable
{
    private readonly PostgresStoreOptions _options;
    private readonly StoreIdentity _identity;
    private readonly ShardMap _map;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private volatile PostgresStore? _store;
    private bool _isClosed;

    /// <param name="options">Of this database.</param>
    /// <param name="identity">What it must be, or become.</param>
    /// <param name="map">At home.</param>
    /// <param name="store">When it is open already.</param>
    public ShardDatabase(PostgresStoreOptions options, StoreIdentity identity, ShardMap map, PostgresStore? store = null)
    {
        (_options, _identity, _map, _store) = (options, identity, map, store);
        Moves = Connections.Source(options.ConnectionString, "move", most: 8, options.AllowUnsafeDurability);
    }

    public string Name => _identity.Shard;

    /// <summary>For whoever moves partitions, and for people who look.</summary>
    public NpgsqlDataSource Moves { get; }

    public PostgresStore? Opened => _store;

    /// <exception cref="StoreUnavailableException">It was not reached so far.</exception>
    public PostgresStore Store => _store ?? throw new StoreUnavailableException($"Shard '{Name}' was not reached so far.");

    /// <exception cref="StoreUnavailableException">It cannot be reached.</exception>
    /// <exception cref="StoreRefusedException">It is not the database that it should be.</exception>
    public async ValueTask<PostgresStore> OpenAsync(CancellationToken cancellation)
    {
        if (_store is { } open)
            return open;
        await _opening.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            if (_isClosed)
                throw new StoreUnavailableException("The store is closed.");
            if (_store is { } meanwhile)
                return meanwhile;
            var opened = await PostgresStore.OpenAsync(_options, _identity).ConfigureAwait(false);
            try
            {
                await _map.RegisterAsync(Name, opened.Identity.DatabaseId, cancellation).ConfigureAwait(false);
            }
            catch
            {
                await opened.DisposeAsync().ConfigureAwait(false);
                throw;
            }

            return _store = opened;
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _opening.WaitAsync().ConfigureAwait(false);
        _isClosed = true;
        _opening.Release();
        if (_store is { } open)
            await open.DisposeAsync().ConfigureAwait(false);
        await Moves.DisposeAsync().ConfigureAwait(false);
    }
}
