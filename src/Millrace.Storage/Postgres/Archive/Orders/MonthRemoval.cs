using Millrace.Storage.Postgres.Lists;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>How a month's rows leave the database while nodes serve from it, and change them. Each step may be repeated.</summary>
internal sealed class MonthRemoval(NpgsqlConnection connection, OrderMonth month, bool hasTable)
{
    /// <summary>They are put into the default table while nobody reads orders.</summary>
    public const int MostStaying = 100_000;

    private const string Default = "orders_other";

    private string[] Tables => hasTable ? [month.Table, Default] : [Default];

    /// <summary>Ends what an archiver that was killed has left.</summary>
    public static async Task StopNotingAsync(NpgsqlConnection connection)
    {
        var tables = new List<string>();
        await connection.QueryAsync("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'order_changed'", static _ => { }, reader => tables.Add(reader.GetString(0))).ConfigureAwait(false);
        if (tables.Count > 0)
            await CommitAsync(connection, tables, string.Concat(tables.Select(StopNoting))).ConfigureAwait(false);
    }

    /// <summary>From now on it is noted which of the month's orders change.</summary>
    public Task NoteChangesAsync() => CommitAsync(connection, Tables, $"""
        DELETE FROM order_change;
        {string.Concat(Tables.Select(table => $"CREATE TRIGGER order_changed AFTER INSERT OR UPDATE OR DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION order_changed(); "))}
        """);

    /// <summary>Drops the month's table, but for what changed and what is not settled, and names the file.</summary>
    public Task RemoveAsync(OrderFolder written)
    {
        // In one message: while orders are locked nothing may come in between that takes its time, such as this process. Nor may the month be read through: what
        // stays is found by indexes.
        var drop = !hasTable ? "" : $"""
            LOCK TABLE ONLY orders IN ACCESS EXCLUSIVE MODE;
            SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
            ALTER TABLE orders DETACH PARTITION {month.Table};
            {StopNoting(Default)}
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
        return CommitAsync(connection, Tables, $"{drop} {(hasTable ? "" : StopNoting(Default))} {note}");
    }

    /// <summary>Deletes what the default table has of a file. Rows count whatever a file has, so they may go a piece at a time: those that are what the file has.</summary>
    public async Task ClearAsync(OrderFolder written, CancellationToken cancellation)
    {
        foreach (var piece in written.ReadAll().Chunk(MonthRows.Piece))
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

    private static string StopNoting(string table) => $"DROP TRIGGER IF EXISTS order_changed ON {table}; ";

    // First a lock that stands in nobody's way but a vacuum's: the server ends one of its own that is waited for, after a second. Then those that others queue behind.
    private static async Task CommitAsync(NpgsqlConnection connection, IEnumerable<string> tables, string sql)
    {
        var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
            await connection.QueryAsync(
                $"SET LOCAL lock_timeout = '5s'; LOCK TABLE {string.Join(", ", tables)} IN SHARE UPDATE EXCLUSIVE MODE; {ArchiveTurn.ShortWait}; {sql} COMMIT",
                static _ => { }, static _ => { }).ConfigureAwait(false);
    }
}
