using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Archive.Orders;
using Millrace.Storage.Postgres.Migrations;
using Millrace.Storage.Postgres.Shards;
using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>
/// Journal and read model of a cluster in one PostgreSQL database. Thread-safe. Any number of nodes may open it at once: what each
/// partition's row in <c>partition_head</c> says, decides who writes.
/// </summary>
public sealed partial class PostgresStore : IJournal, IReadModel, IStockPages, IAsyncDisposable
{
    private readonly NpgsqlDataSource _commits;
    private readonly Pool _control;
    private readonly Pool _readers;
    private readonly Pool _lists;
    private readonly Pool _checkpoints;
    private readonly CommitConnection _writer;
    private readonly ServerSettings _settings;
    private readonly bool[] _mustClaim;
    private volatile bool _closed;

    private PostgresStore(PostgresStoreOptions options, ServerSettings settings, StoreIdentity identity)
    {
        _settings = settings;
        Archive = new OrderArchive(options.Archive, identity.StoreId, options.CommitPatience);
        Identity = identity;
        _mustClaim = new bool[identity.Partitions];
        // Pools of their own: a slow list must not hold up a claim, nor a claim that waits for a lock a read.
        _commits = Connections.Source(options.ConnectionString, "commit", most: 0, options.AllowUnsafeDurability);
        _control = NewPool(options, "control", most: 8, options.CommitPatience);
        _readers = NewPool(options, "read", most: 10, 3 * options.CommitPatience);
        // Cold orders, keys and recoveries wait for no list, however many are asked for.
        _lists = NewPool(options, "list", most: 6, 3 * options.CommitPatience);
        _checkpoints = NewPool(options, "checkpoint", most: 4, 3 * options.CommitPatience);
        _writer = new CommitConnection(_commits, settings, options.CommitPatience);
    }

    public int PartitionCount => Identity.Partitions;

    public bool IsShared => true;

    /// <summary>Whether an acknowledged commit survives the loss of power of the server.</summary>
    public bool IsDurable => _settings.IsDurable;

    /// <summary>Whether there was no store in the database before this opening, which made it and fixed the number of its partitions.</summary>
    public bool IsNew => Identity.IsNew;

    internal StoreIdentity Identity { get; }

    /// <summary>Those that are in files.</summary>
    internal OrderArchive Archive { get; }

    internal CommitFault Fault { get; } = new();

    /// <summary>Opens the database, or makes the store in it, and brings its schema up to date.</summary>
    /// <exception cref="StoreRefusedException">The database cannot be served; one line says why.</exception>
    /// <exception cref="StoreUnavailableException">The database cannot be reached.</exception>
    public static Task<PostgresStore> OpenAsync(PostgresStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return OpenAsync(options, shard: null);
    }

    /// <param name="shard">What the database must be, or become when it is empty; null for a store's home.</param>
    internal static async Task<PostgresStore> OpenAsync(PostgresStoreOptions options, StoreIdentity? shard)
    {
        if (options.PartitionCount is < 1 or > Domain.Identity.OrderId.MaxPartitions)
            throw new StoreRefusedException($"{options.PartitionCount} partitions: choose from 1 to 4096.");
        var settings = new ServerSettings(options);
        try
        {
            var source = Connections.Source(options.ConnectionString, "open", most: 2);
            await using (source.ConfigureAwait(false))
            {
                var connection = await source.OpenConnectionAsync().ConfigureAwait(false);
                await using (connection.ConfigureAwait(false))
                {
                    await settings.RequireAsync(connection).ConfigureAwait(false);
                    var identity = await Migrator.EnsureAsync(connection, options, shard).ConfigureAwait(false);
                    return new PostgresStore(options, settings, identity);
                }
            }
        }
        catch (ArgumentException fault)
        {
            throw new StoreRefusedException($"The connection string is not one: {fault.Message}");
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    /// <summary>Makes the tables of the days and months to come. Any node may do it, at any time; it is done at the opening too.</summary>
    public async Task PrepareTimePartitionsAsync(CancellationToken cancellation)
    {
        RequireOpen();
        try
        {
            var connection = await _control.Source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                await Migrator.PrepareAsync(connection).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    /// <summary>The same database, for the few short statements of the cluster's membership: a pool of its own.</summary>
    public static string MembershipConnectionString(string connectionString) => Connections.ForMembership(connectionString);

    public async ValueTask DisposeAsync()
    {
        if (_closed)
            return;
        _closed = true;
        await _writer.DisposeAsync().ConfigureAwait(false);
        foreach (var source in new IAsyncDisposable[] { _commits, _control, _readers, _lists, _checkpoints })
            await source.DisposeAsync().ConfigureAwait(false);
        Archive.Dispose();
    }

    private static Pool NewPool(PostgresStoreOptions options, string purpose, int most, TimeSpan patience) =>
        new(() => Connections.Source(options.ConnectionString, purpose, most, options.AllowUnsafeDurability), patience);

    private void RequireOpen()
    {
        if (_closed)
            throw new StoreUnavailableException("The store is closed.");
    }

    private void RequirePartition(int partition)
    {
        if ((uint)partition >= (uint)PartitionCount)
            throw new ArgumentOutOfRangeException(nameof(partition), partition, $"The store has {PartitionCount} partitions.");
    }

    /// <summary>A statement that changes nothing, or whose repeat changes nothing more.</summary>
    private Task<T> RunAsync<T>(
        Pool pool, string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellation) => RunAsync(
        pool,
        async source =>
        {
            using var command = source.CreateCommand(sql);
            bind(command.Parameters);
            return await ReadAsync(await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false), read, cancellation).ConfigureAwait(false);
        });

    /// <summary>Several statements that change nothing, sent together: they wait for the database once. Each sees what is committed when its turn comes.</summary>
    private Task<T> RunAsync<T>(
        Pool pool, (string Sql, NpgsqlParameter[] Parameters)[] statements, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellation) => RunAsync(
        pool,
        async source =>
        {
            using var batch = source.CreateBatch();
            foreach (var (sql, parameters) in statements)
            {
                var command = new NpgsqlBatchCommand(sql);
                command.Parameters.AddRange(parameters);
                batch.BatchCommands.Add(command);
            }

            return await ReadAsync(await batch.ExecuteReaderAsync(cancellation).ConfigureAwait(false), read, cancellation).ConfigureAwait(false);
        },
        statements.Length);

    private async Task<T> RunAsync<T>(Pool pool, Func<NpgsqlDataSource, Task<T>> run, int statements = 1)
    {
        RequireOpen();
        try
        {
            return await pool.RunAsync(run, statements).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.Unavailable(fault);
        }
    }

    private static async Task<T> ReadAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellation)
    {
        await using (reader.ConfigureAwait(false))
        {
            var result = await read(reader).ConfigureAwait(false);
            while (await reader.NextResultAsync(cancellation).ConfigureAwait(false))
            {
            }

            return result;
        }
    }
}
