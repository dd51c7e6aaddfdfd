using System.Data;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Archive.Orders;
using Millrace.Storage.ReadModel;
using Npgsql;
using static Millrace.Storage.Postgres.Sql;

namespace Millrace.Storage.Postgres.Lists;

/// <summary>Lists of orders from a standby of the store's database, which lags behind it by as much as it likes. Thread-safe.</summary>
public sealed class ListReplica : IAsyncDisposable
{
    // Whoever lists has the primary to turn to.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    // Before the snapshot is taken: what is read after this is never older than it says. Null while a standby has replayed nothing since its start.
    private const string AsOf = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() ELSE now() END";

    private const string Covers = """
        SELECT database_id = $1,
            NOT EXISTS (SELECT 1 FROM partition_place WHERE shard <> 'home')
            AND NOT EXISTS (
                SELECT 1 FROM unnest($2::uuid[], $3::int[]) AS seen(id, version)
                WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = seen.id AND o.tenant = $4 AND o.version >= seen.version))
        FROM store
        """;

    private readonly Pool _pool;
    private readonly Guid _databaseId;

    internal ListReplica(string connectionString, Guid databaseId)
    {
        _pool = new Pool(() => Connections.Source(connectionString, Connections.Replica, most: 16), Patience);
        _databaseId = databaseId;
    }

    /// <summary>A page, if the standby shows each of these orders at that version or a later one. All in one snapshot of one server: of several behind one
    /// address the next may be behind the one that was asked.</summary>
    /// <param name="query">Of one tenant.</param>
    /// <param name="atLeast">Orders of that tenant, and versions.</param>
    /// <param name="cancellation">Nobody waits any more.</param>
    /// <returns>The page and the moment that it is not older than; null when the standby is not that far, or some of them may be archived.</returns>
    /// <exception cref="StoreUnavailableException">It did not answer in time, or is no standby of this store.</exception>
    /// <exception cref="StoreRefusedException">It answers, and will never answer this.</exception>
    public async ValueTask<(OrderPage Page, DateTimeOffset AsOf)?> ListOrdersAsync(
        OrderQuery query, IReadOnlyList<(OrderId Order, int Version)> atLeast, CancellationToken cancellation)
    {
        query.Validate();
        try
        {
            return await _pool.RunAsync(source => ReadAsync(source, query, atLeast, cancellation)).ConfigureAwait(false);
        }
        catch (Exception fault) when (PostgresFaults.IsOfDatabase(fault))
        {
            throw PostgresFaults.IsForEver(fault) ? PostgresFaults.Refused(fault) : PostgresFaults.Unavailable(fault);
        }
    }

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private async Task<(OrderPage Page, DateTimeOffset AsOf)?> ReadAsync(
        NpgsqlDataSource source, OrderQuery query, IReadOnlyList<(OrderId Order, int Version)> atLeast, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var asOf = (await ReadAsync(connection, AsOf, static _ => { }, static r => r.IsDBNull(0) ? (DateTimeOffset?)null : r.GetFieldValue<DateTimeOffset>(0), cancellation).ConfigureAwait(false))[0];
            if (asOf is null)
                return null;
            var snapshot = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellation).ConfigureAwait(false);
            await using (snapshot.ConfigureAwait(false))
            {
                // Before the snapshot is taken: a month that is dropped in between would be in neither.
                await ReadAsync(connection, "LOCK TABLE ONLY orders IN ACCESS SHARE MODE", static _ => { }, static _ => 0, cancellation).ConfigureAwait(false);
                if (!await CoversAsync(connection, query.Tenant!.Value, atLeast, cancellation).ConfigureAwait(false))
                    return null;
                var reads = new Reads(connection, cancellation);
                var page = await reads.PageAsync(query, null).ConfigureAwait(false);
                // Files are not read within its snapshot, which replay may be waiting for.
                return OrderArchive.IsNeeded(await reads.MonthsAsync().ConfigureAwait(false), query, page) ? null : (page, asOf.Value);
            }
        }
    }

    private async Task<bool> CoversAsync(NpgsqlConnection connection, TenantId tenant, IReadOnlyList<(OrderId Order, int Version)> atLeast, CancellationToken cancellation)
    {
        var (isOfStore, isThere) = (await ReadAsync(
            connection, Covers,
            p =>
            {
                p.Add(Of(_databaseId));
                p.Add(Of(atLeast.Select(seen => OrderLister.Key(seen.Order)).ToArray()));
                p.Add(Of(atLeast.Select(seen => seen.Version).ToArray()));
                p.Add(Of(tenant.Value));
            },
            static r => (r.GetBoolean(0), r.GetBoolean(1)), cancellation).ConfigureAwait(false)).FirstOrDefault();
        return isOfStore ? isThere : throw new StoreUnavailableException("The replica holds another store than the primary.");
    }

    private sealed class Reads(NpgsqlConnection connection, CancellationToken cancellation) : OrderReads
    {
        protected override Task<List<T>> ReadAsync<T>(string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read) =>
            ListReplica.ReadAsync(connection, sql, bind, read, cancellation);
    }

    private static async Task<List<T>> ReadAsync<T>(
        NpgsqlConnection connection, string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read, CancellationToken cancellation)
    {
        using var command = new NpgsqlCommand(sql, connection);
        bind(command.Parameters);
        var reader = await command.ExecuteReaderAsync(cancellation).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var rows = new List<T>();
            while (await reader.ReadAsync(cancellation).ConfigureAwait(false))
                rows.Add(read(reader));
            return rows;
        }
    }
}
