using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>
/// The tables that time divides: the journal by day of writing, orders and their names by month of creation. There are always some
/// ahead; rows outside of all of them go to a default table, so that a wrong clock or a forgotten chore stops nobody.
/// </summary>
internal static class TimePartitions
{
    private const string Ensure = """
        DO $$
        DECLARE d date; m date; low uuid; high uuid; ms bigint;
        BEGIN
            -- Every append would queue behind a wait for these locks, as long as a backup reads the tables.
            SET LOCAL lock_timeout = '1s';
            CREATE TABLE IF NOT EXISTS journal_other PARTITION OF journal DEFAULT;
            CREATE TABLE IF NOT EXISTS orders_other PARTITION OF orders DEFAULT;
            CREATE TABLE IF NOT EXISTS name_other PARTITION OF name DEFAULT;
            FOR d IN SELECT generate_series(current_date, current_date + 3, interval '1 day')::date LOOP
                IF to_regclass('journal_' || to_char(d, 'YYYYMMDD')) IS NULL
                    AND NOT EXISTS (SELECT 1 FROM journal_other WHERE written_on = d) THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF journal FOR VALUES FROM (%L) TO (%L)', 'journal_' || to_char(d, 'YYYYMMDD'), d, d + 1);
                END IF;
            END LOOP;
            FOR m IN SELECT generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC') + interval '2 months', interval '1 month')::date LOOP
                ms := extract(epoch FROM m::timestamp AT TIME ZONE 'UTC')::bigint * 1000;
                low := (lpad(to_hex(ms), 12, '0') || repeat('0', 20))::uuid;
                ms := extract(epoch FROM (m + interval '1 month')::timestamp AT TIME ZONE 'UTC')::bigint * 1000;
                high := (lpad(to_hex(ms), 12, '0') || repeat('0', 20))::uuid;
                IF to_regclass('orders_' || to_char(m, 'YYYYMM')) IS NULL
                    AND NOT EXISTS (SELECT 1 FROM orders_other WHERE id >= low AND id < high) THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF orders FOR VALUES FROM (%L) TO (%L)', 'orders_' || to_char(m, 'YYYYMM'), low, high);
                END IF;
                IF to_regclass('name_' || to_char(m, 'YYYYMM')) IS NULL
                    AND NOT EXISTS (SELECT 1 FROM name_other WHERE order_id >= low AND order_id < high) THEN
                    EXECUTE format('CREATE TABLE %I PARTITION OF name FOR VALUES FROM (%L) TO (%L)', 'name_' || to_char(m, 'YYYYMM'), low, high);
                END IF;
            END LOOP;
        END $$
        """;

    public static async Task EnsureAsync(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(Ensure, connection);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
