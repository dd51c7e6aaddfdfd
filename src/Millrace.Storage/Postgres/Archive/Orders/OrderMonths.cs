using Millrace.Engine.Journal;
using Npgsql;

namespace Millrace.Storage.Postgres.Archive.Orders;

/// <summary>Which months of one database's orders can be archived next.</summary>
/// <param name="olderThanDays">Months that have ended at least so long ago, by the database's clock.</param>
internal sealed class OrderMonths(int olderThanDays)
{
    // In the default table are orders of months that had no table, and those that came back from an archive.
    private const string Old = """
        SELECT month, max(bounds) FROM (
            SELECT to_date(right(c.relname, 6), 'YYYYMM') AS month, pg_get_expr(c.relpartbound, c.oid) AS bounds FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'orders'::regclass AND c.relname ~ '^orders_[0-9]{6}$'
            UNION ALL
            SELECT date_trunc('month', to_timestamp(('x' || translate(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000) AT TIME ZONE 'UTC')::date, NULL
            FROM orders_other WHERE due_at IS NULL AND attention IS NULL GROUP BY 1 HAVING count(*) >= $2) m
        WHERE month + interval '1 month' <= now() AT TIME ZONE 'UTC' - $1 * interval '1 day' GROUP BY month ORDER BY month
        """;

    /// <summary>Orders that the default table must have of a month to be worth another file: what comes back by twos and threes stays.</summary>
    public int Fewest { get; init; } = 1_000;

    /// <summary>From the oldest, and whether the month has a table of its own.</summary>
    /// <exception cref="StoreRefusedException">A table is not what its name says.</exception>
    public async Task<IReadOnlyList<(OrderMonth Month, bool HasTable)>> ReadAsync(NpgsqlConnection database)
    {
        var months = new List<(OrderMonth, bool)>();
        await database.QueryAsync(
            Old, p => { p.Add(Sql.Of(olderThanDays)); p.Add(Sql.Of((long)Fewest)); },
            reader =>
            {
                var month = new OrderMonth(reader.GetFieldValue<DateOnly>(0));
                // It is dropped with all that is in it.
                if (!reader.IsDBNull(1) && reader.GetString(1) != month.Bounds)
                    throw new StoreRefusedException($"The table {month.Table} holds other orders than those of {month.Name}: {reader.GetString(1)}.");
                months.Add((month, !reader.IsDBNull(1)));
            }).ConfigureAwait(false);
        return months;
    }
}
