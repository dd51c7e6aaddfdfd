using Npgsql;

namespace Millrace.Storage.Postgres;

/// <summary>
/// The tables that time divides: the journal by day of writing, orders and their names by month of creation. There are always some
/// ahead; rows outside of all of them go to a default table, so that a wrong clock or a forgotten chore stops nobody.
/// </summary>
/// <remarks>
/// A new table takes the default one for itself, and reads all of it, unless a proven rule says that no row of it belongs to the new one. After a move or a
/// migration the default tables are large. So the rule comes first, and its proof, which holds nobody up. While there is a rule and no table, rows of that
/// time are refused: that is only for times that are more than a day ahead, and for the length of the proof; of a node that dies meanwhile, or
/// finds the table read by a backup, until the next one that opens the database, or the next chore.
/// </remarks>
internal static class TimePartitions
{
    // Every append would queue behind a wait for these locks, as long as a backup reads the tables.
    private const string ShortWait = "SET LOCAL lock_timeout = '1s';";

    // It stands in nobody's way but a vacuum's: the server ends one of its own that is waited for, after a second.
    private const string LongWait = "SET LOCAL lock_timeout = '5s';";

    // What is read in a few milliseconds needs no proof.
    private const long SmallBytes = 1 << 20;

    private const string Defaults = """
        CREATE TABLE IF NOT EXISTS journal_other PARTITION OF journal DEFAULT;
        CREATE TABLE IF NOT EXISTS orders_other PARTITION OF orders DEFAULT;
        CREATE TABLE IF NOT EXISTS name_other PARTITION OF name DEFAULT;
        """;

    private const string Rules = $"""
        SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint
        WHERE contype = 'c' AND starts_with(conname::text, '{TimeTable.RulePrefix}') AND conrelid IN ('journal_other'::regclass, 'orders_other'::regclass, 'name_other'::regclass)
        """;

    /// <summary>One at a time in a database: what another has left is of one that was killed.</summary>
    public static async Task EnsureAsync(NpgsqlConnection connection)
    {
        await CommitAsync(connection, ShortWait, Defaults).ConfigureAwait(false);
        await DropRulesAsync(connection).ConfigureAwait(false);
        var (today, utcToday) = (default(DateOnly), default(DateOnly));
        await connection.QueryAsync(
            "SELECT current_date, (now() AT TIME ZONE 'UTC')::date", static _ => { },
            reader => (today, utcToday) = (reader.GetFieldValue<DateOnly>(0), reader.GetFieldValue<DateOnly>(1))).ConfigureAwait(false);
        var tomorrow = (today > utcToday ? today : utcToday).AddDays(1);
        foreach (var table in TimeTable.Wanted(today, utcToday))
        {
            var (isMissing, isSmall) = await LookAsync(connection, table).ConfigureAwait(false);
            if (isMissing)
                await MakeAsync(connection, table, needsProof: !isSmall && table.First > tomorrow).ConfigureAwait(false);
        }
    }

    // What has rows in the default table already, stays there.
    private static async Task<(bool IsMissing, bool IsSmall)> LookAsync(NpgsqlConnection connection, TimeTable table)
    {
        var (isMissing, bytes) = (false, 0L);
        await connection.QueryAsync(
            $"SELECT CASE WHEN to_regclass('{table.Name}') IS NULL THEN NOT {table.HasRows} ELSE false END, pg_relation_size('{table.Default}')", static _ => { },
            reader => (isMissing, bytes) = (reader.GetBoolean(0), reader.GetInt64(1))).ConfigureAwait(false);
        return (isMissing, bytes <= SmallBytes);
    }

    private static async Task MakeAsync(NpgsqlConnection connection, TimeTable table, bool needsProof)
    {
        try
        {
            if (needsProof)
            {
                await CommitAsync(connection, ShortWait, table.AddRule).ConfigureAwait(false);
                await CommitAsync(connection, LongWait, table.ProveRule).ConfigureAwait(false);
            }

            await CommitAsync(connection, ShortWait, table.Create + (needsProof ? table.DropRule : "")).ConfigureAwait(false);
        }
        catch (PostgresException fault)
        {
            await DropRulesAsync(connection).ConfigureAwait(false);
            // A row of it has come into the default table meanwhile, and stays there.
            if (fault.SqlState != PostgresErrorCodes.CheckViolation)
                throw;
        }
    }

    private static async Task DropRulesAsync(NpgsqlConnection connection)
    {
        var drops = new List<string>();
        await connection.QueryAsync(
            Rules, static _ => { }, reader => drops.Add($"ALTER TABLE {reader.GetString(0)} DROP CONSTRAINT {reader.GetString(1)};")).ConfigureAwait(false);
        if (drops.Count > 0)
            await CommitAsync(connection, ShortWait, string.Concat(drops)).ConfigureAwait(false);
    }

    // One transaction, and nothing of this process in between.
    private static Task<int> CommitAsync(NpgsqlConnection connection, string wait, string statements) =>
        connection.QueryAsync($"DO $$ BEGIN {wait} {statements} END $$", static _ => { }, static _ => { });
}
