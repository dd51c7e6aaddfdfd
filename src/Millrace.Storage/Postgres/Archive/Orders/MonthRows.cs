using System.Globalization;
using Millrace.Domain.Identity;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres.Lists;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>A month's orders as rows, in its own table and in the default table.</summary>
internal sealed class MonthRows(NpgsqlConnection connection, OrderMonth month)
{
    /// <summary>Orders of a piece of work.</summary>
    public const int Piece = 2_000;

    private const int TellEvery = 100 * Piece;
    // Neither the pipeline nor a person is to look at it.
    private const string IsSettled = "due_at IS NULL AND attention IS NULL";

    public OrderMonth Month => month;

    /// <summary>How many are settled, and how many the pipeline or a person is to look at.</summary>
    public async Task<(long Settled, long Open)> CountAsync()
    {
        var (settled, open) = (0L, 0L);
        await connection.QueryAsync(
            $"SELECT count(*) FILTER (WHERE {IsSettled}), count(*) FILTER (WHERE NOT ({IsSettled})) FROM orders WHERE id >= $1 AND id < $2",
            Bind, reader => (settled, open) = (reader.GetInt64(0), reader.GetInt64(1))).ConfigureAwait(false);
        return (settled, open);
    }

    /// <summary>Those that are archived, from the oldest.</summary>
    /// <param name="tell">Told how far it is.</param>
    /// <param name="cancellation">Ends it between two pieces.</param>
    public async IAsyncEnumerable<OrderRow> ReadAsync(Action<string> tell, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var (after, read) = (month.Low, 0L);
        for (var rows = new List<OrderRow>(); ; rows.Clear())
        {
            cancellation.ThrowIfCancellationRequested();
            await connection.QueryAsync(
                $"SELECT {OrderLister.Columns} FROM orders WHERE id >= $1 AND id < $2 AND {IsSettled} ORDER BY id LIMIT {Piece}",
                p => { p.Add(Sql.Of(after)); p.Add(Sql.Of(month.High)); }, reader => rows.Add(OrderLister.Read(reader))).ConfigureAwait(false);
            foreach (var row in rows)
                yield return row;
            if (rows.Count < Piece)
                yield break;
            if ((read += rows.Count) % TellEvery == 0)
                tell(string.Create(CultureInfo.InvariantCulture, $"writing {month.Name}: {read} orders so far"));
            after = OrderLister.KeyAbove(rows[^1].Id);
        }
    }

    /// <summary>The folders that have some of them.</summary>
    public async Task<List<string>> FoldersAsync()
    {
        var folders = new List<string>();
        await connection.QueryAsync("SELECT folder FROM order_archive WHERE low = $1 AND high = $2", Bind, reader => folders.Add(reader.GetString(0))).ConfigureAwait(false);
        return folders;
    }

    /// <summary>Compares a file with the rows: all that nobody has changed since it was begun must be in it, at their version.</summary>
    /// <returns>How many rows stay.</returns>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public async Task<long> CompareAsync(OrderFolder written)
    {
        var (changed, rows, versions, all) = (new HashSet<OrderId>(), 0L, 0L, 0L);
        var moment = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead).ConfigureAwait(false);
        await using (moment.ConfigureAwait(false))
        {
            await connection.QueryAsync(
                $"SELECT DISTINCT id FROM order_change LIMIT {MonthRemoval.MostStaying + 1}", static _ => { }, reader => changed.Add(OrderLister.ReadId(reader, 0))).ConfigureAwait(false);
            await connection.QueryAsync(
                $"""
                SELECT count(*) FILTER (WHERE is_same), coalesce(sum(version) FILTER (WHERE is_same), 0), count(*) FROM (
                    SELECT version, {IsSettled} AND NOT EXISTS (SELECT 1 FROM order_change c WHERE c.id = o.id) AS is_same
                    FROM orders o WHERE id >= $1 AND id < $2) r
                """,
                Bind, reader => (rows, versions, all) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2))).ConfigureAwait(false);
        }

        if (changed.Count > MonthRemoval.MostStaying)
            throw new StoreUnavailableException($"Too many orders of {month.Name} changed while it was archived: nothing was removed. Run it again.");
        foreach (var order in written.ReadAll())
        {
            if (!changed.Contains(order.Id))
                (rows, versions) = (rows - 1, versions - order.Version);
        }

        return (rows, versions) == (0, 0)
            ? Math.Max(0, all - written.Manifest.Orders)
            : throw new InvalidDataException($"{written.Path} does not hold the orders that {month.Name} has: nothing was removed.");
    }

    private void Bind(NpgsqlParameterCollection parameters)
    {
        parameters.Add(Sql.Of(month.Low));
        parameters.Add(Sql.Of(month.High));
    }
}
