using System.Globalization;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Lists;
using Millrace.Storage.Sqlite.Backup;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>
/// Takes months of one database's orders into files, and out of the database. Nodes may serve meanwhile, and may change any of these orders: triggers note
/// what changes from before the first row is read, and what changed stays. It can be killed at any instruction and run again. See docs/adr/0019.
/// </summary>
internal sealed class OrderArchiver(PostgresStore store, NpgsqlDataSource source, string folder)
{
    private const int Piece = 2_000;
    private const int TellEvery = 100 * Piece;
    // They are put into the default table while nobody reads orders.
    private const int MostStaying = 100_000;

    private const string Default = "orders_other";
    private const string Settled = "id >= $1 AND id < $2 AND due_at IS NULL AND attention IS NULL";
    /// <summary>Called after each step with its name, so that a test can end it there.</summary>
    public Action<string> After { get; init; } = static _ => { };

    /// <exception cref="StoreRefusedException">Another archiver is at work in this database.</exception>
    public async Task<IReadOnlyList<ArchivedOrders>> RunAsync(OrderMonths plan, bool isDryRun, CancellationToken cancellation)
    {
        var connection = await source.OpenConnectionAsync(cancellation).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await ArchiveTurn.TakeAsync(connection, store.Identity.Shard).ConfigureAwait(false);
            var done = new List<ArchivedOrders>();
            foreach (var (month, hasTable) in await plan.ReadAsync(connection).ConfigureAwait(false))
            {
                if (isDryRun)
                    done.Add(await TellAsync(connection, month).ConfigureAwait(false));
                else if (hasTable || await CameBackAsync(connection, month, cancellation).ConfigureAwait(false) >= plan.Fewest)
                    done.Add(await ArchiveAsync(connection, month, hasTable, cancellation).ConfigureAwait(false));
            }

            return done;
        }
    }

    private async Task<ArchivedOrders> ArchiveAsync(NpgsqlConnection connection, OrderMonth month, bool hasTable, CancellationToken cancellation)
    {
        string[] tables = hasTable ? [month.Table, Default] : [Default];
        await ArchiveTurn.RepeatAsync(() => NoteChangesAsync(connection, tables), Busy(month, "was not begun"), cancellation).ConfigureAwait(false);
        After($"noting {month.Name}");
        var path = await OrderFolder.WriteAsync(folder, new OrderManifest(
            OrderManifest.CurrentFormat, store.Identity.StoreId, store.Identity.Shard, month.First, 0, new BackupFile("", 0, "")), ReadAsync(connection, month, cancellation), cancellation).ConfigureAwait(false);
        After($"written {month.Name}");
        using var written = new OrderFolder(path);
        var stay = await VerifyAsync(connection, month, written).ConfigureAwait(false);
        After($"verified {month.Name}");
        await ArchiveTurn.RepeatAsync(() => RemoveAsync(connection, month, hasTable, written), Busy(month, "is archived and not yet removed"), cancellation).ConfigureAwait(false);
        After($"removed {month.Name}");
        await ClearAsync(connection, written, cancellation).ConfigureAwait(false);
        if (written.Manifest.Orders == 0)
            Directory.Delete(path, recursive: true);
        After($"cleared {month.Name}");
        return new ArchivedOrders(store.Identity.Shard, month.First, written.Manifest.Orders, stay, written.Manifest.File.Bytes);
    }

    // What an archiver that was killed has left is begun anew.
    private static Task NoteChangesAsync(NpgsqlConnection connection, string[] tables) => CommitAsync(connection, $"""
        {StopNoting(tables)} DELETE FROM order_change;
        {string.Concat(tables.Select(table => $"CREATE TRIGGER order_changed AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION order_changed(); "))}
        """);

    private static string StopNoting(params string[] tables) => string.Concat(tables.Select(table => $"DROP TRIGGER IF EXISTS order_changed ON {table}; "));

    private async IAsyncEnumerable<OrderRow> ReadAsync(
        NpgsqlConnection connection, OrderMonth month, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var (after, read) = (month.Low, 0L);
        for (var rows = new List<OrderRow>(); ; rows.Clear())
        {
            cancellation.ThrowIfCancellationRequested();
            await connection.QueryAsync(
                $"SELECT {OrderLister.Columns} FROM orders WHERE {Settled} ORDER BY id LIMIT {Piece}",
                p => { p.Add(Sql.Of(after)); p.Add(Sql.Of(month.High)); }, reader => rows.Add(OrderLister.Read(reader))).ConfigureAwait(false);
            foreach (var row in rows)
                yield return row;
            if (rows.Count < Piece)
                yield break;
            if ((read += rows.Count) % TellEvery == 0)
                After(string.Create(CultureInfo.InvariantCulture, $"writing {month.Name}: {read} orders so far"));
            after = OrderLister.KeyAbove(rows[^1].Id);
        }
    }

    /// <summary>Reads the file again, and compares it with the rows: all that nobody has changed since it was begun must be in it, at their version.</summary>
    /// <returns>How many rows stay.</returns>
    private async Task<long> VerifyAsync(NpgsqlConnection connection, OrderMonth month, OrderFolder written)
    {
        var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead).ConfigureAwait(false);
        await using (moment.ConfigureAwait(false))
        {
            var changed = new HashSet<OrderId>();
            await connection.QueryAsync("SELECT DISTINCT id FROM order_change", static _ => { }, reader => changed.Add(OrderLister.ReadId(reader, 0))).ConfigureAwait(false);
            var (rows, versions, all) = (0L, 0L, 0L);
            await connection.QueryAsync(
                """
                SELECT count(*) FILTER (WHERE is_same), coalesce(sum(version) FILTER (WHERE is_same), 0), count(*) FROM (
                    SELECT version, due_at IS NULL AND attention IS NULL AND NOT EXISTS (SELECT 1 FROM order_change c WHERE c.id = o.id) AS is_same
                    FROM orders o WHERE id >= $1 AND id < $2) r
                """,
                p => Bind(p, month), reader => (rows, versions, all) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2))).ConfigureAwait(false);
            foreach (var order in written.ReadAll())
            {
                if (!changed.Contains(order.Id))
                    (rows, versions) = (rows - 1, versions - order.Version);
            }

            if ((rows, versions) != (0, 0))
                throw new InvalidDataException($"{written.Path} does not hold the orders that {month.Name} has: nothing was removed.");
            return all - written.Manifest.Orders is var stay && stay + changed.Count <= MostStaying
                ? stay
                : throw new StoreUnavailableException($"Of {month.Name} {stay} orders are not finished, and {changed.Count} have changed meanwhile: more than {MostStaying} would stay, so all do.");
        }
    }

    // In one message: while orders are locked nothing may come in between that takes its time, such as this process. Only what may still change is copied.
    private async Task RemoveAsync(NpgsqlConnection connection, OrderMonth month, bool hasTable, OrderFolder written)
    {
        After($"removing {month.Name}");
        var drop = !hasTable ? "" : $"""
            LOCK TABLE ONLY orders IN ACCESS EXCLUSIVE MODE;
            ALTER TABLE orders DETACH PARTITION {month.Table};
            INSERT INTO orders SELECT * FROM {month.Table} WHERE id IN (
                SELECT id FROM {month.Table} WHERE due_at IS NOT NULL
                UNION SELECT id FROM {month.Table} WHERE attention IS NOT NULL
                UNION SELECT id FROM order_change);
            DROP TABLE {month.Table};
            """;
        // A folder's name has nothing in it but a month, a shard's name and a hash.
        var note = written.Manifest.Orders == 0 ? "" : $"""
            INSERT INTO order_archive (folder, low, high, orders) VALUES ('{Path.GetFileName(written.Path)}', '{month.Low}', '{month.High}', {written.Manifest.Orders})
            ON CONFLICT (folder) DO NOTHING;
            """;
        await CommitAsync(connection, $"{drop} {StopNoting(Default)} {note}").ConfigureAwait(false);
    }

    // Rows count whatever a file has, so they may go a piece at a time: those that are what the file has.
    private static async Task ClearAsync(NpgsqlConnection connection, OrderFolder written, CancellationToken cancellation)
    {
        foreach (var piece in written.ReadAll().Chunk(Piece))
        {
            cancellation.ThrowIfCancellationRequested();
            await connection.QueryAsync(
                """
                DELETE FROM orders_other o USING unnest($1::uuid[], $2::int[]) AS u(id, version)
                WHERE o.id = u.id AND o.version = u.version AND o.due_at IS NULL AND o.attention IS NULL
                """,
                p =>
                {
                    p.Add(Sql.Of(piece.Select(order => OrderLister.Key(order.Id)).ToArray()));
                    p.Add(Sql.Of(piece.Select(order => order.Version).ToArray()));
                },
                static _ => { }).ConfigureAwait(false);
        }
    }

    // How many rows came back since, once what a killed archiver left of its removal is removed.
    private async Task<long> CameBackAsync(NpgsqlConnection connection, OrderMonth month, CancellationToken cancellation)
    {
        var folders = new List<string>();
        await connection.QueryAsync("SELECT folder FROM order_archive WHERE low = $1 AND high = $2", p => Bind(p, month), reader => folders.Add(reader.GetString(0))).ConfigureAwait(false);
        foreach (var name in folders)
        {
            using var written = new OrderFolder(Path.Combine(folder, name));
            await ClearAsync(connection, written, cancellation).ConfigureAwait(false);
        }

        var rows = 0L;
        await connection.QueryAsync($"SELECT count(*) FROM orders WHERE {Settled}", p => Bind(p, month), reader => rows = reader.GetInt64(0)).ConfigureAwait(false);
        return rows;
    }

    private async Task<ArchivedOrders> TellAsync(NpgsqlConnection connection, OrderMonth month)
    {
        var (orders, stay) = (0L, 0L);
        await connection.QueryAsync(
            "SELECT count(*) FILTER (WHERE due_at IS NULL AND attention IS NULL), count(*) FILTER (WHERE due_at IS NOT NULL OR attention IS NOT NULL) FROM orders WHERE id >= $1 AND id < $2",
            p => Bind(p, month), reader => (orders, stay) = (reader.GetInt64(0), reader.GetInt64(1))).ConfigureAwait(false);
        return new ArchivedOrders(store.Identity.Shard, month.First, orders, stay, 0);
    }

    private string Busy(OrderMonth month, string what) => $"The orders of '{store.Identity.Shard}' are being read all the time, by a backup perhaps: {month.Name} {what}. Run it again.";

    private static void Bind(NpgsqlParameterCollection parameters, OrderMonth month)
    {
        parameters.Add(Sql.Of(month.Low));
        parameters.Add(Sql.Of(month.High));
    }

    private static async Task CommitAsync(NpgsqlConnection connection, string sql)
    {
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
            await connection.QueryAsync($"{ArchiveTurn.ShortWait}; {sql} COMMIT", static _ => { }, static _ => { }).ConfigureAwait(false);
    }
}
