using Npgsql;
using NpgsqlTypes;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>Which days of one database's journal can be archived next, and why others cannot.</summary>
/// <param name="olderThanDays">Days that lie at least so far back, by the database's clock.</param>
internal sealed class ArchivePlan(int olderThanDays)
{
    // A day's table can be there and empty; the default table's rows are there only when a table was missing, or a partition came from another database.
    private const string Days = """
        SELECT day FROM (
            SELECT to_date(right(c.relname, 8), 'YYYYMMDD') AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'journal'::regclass AND c.relname ~ '^journal_[0-9]{8}$'
            UNION SELECT written_on FROM journal_other) d
        WHERE day < current_date - $1 ORDER BY day
        """;

    private const string Ranges = """
        WITH days AS (
            SELECT partition, min(first_seq) AS first_seq, max(first_seq) AS last_first, count(*) AS batches
            FROM journal WHERE written_on BETWEEN $1 AND $2 GROUP BY partition)
        SELECT d.partition, d.first_seq, l.last_seq, f.previous, l.chain, d.batches, c.seq, h.seq IS NOT NULL,
            EXISTS (SELECT 1 FROM partition_transit t WHERE t.partition = d.partition AND t.epoch IS NULL),
            (SELECT min(o.first_seq) FROM journal o WHERE o.partition = d.partition AND o.written_on > $2)
        FROM days d
        JOIN journal f ON f.partition = d.partition AND f.first_seq = d.first_seq AND f.written_on BETWEEN $1 AND $2
        JOIN journal l ON l.partition = d.partition AND l.first_seq = d.last_first AND l.written_on BETWEEN $1 AND $2
        LEFT JOIN checkpoint c ON c.partition = d.partition
        LEFT JOIN partition_head h ON h.partition = d.partition
        ORDER BY d.partition
        """;

    /// <summary>Old enough, from the oldest.</summary>
    public async Task<IReadOnlyList<DateOnly>> DaysAsync(NpgsqlConnection database)
    {
        var days = new List<DateOnly>();
        await database.QueryAsync(Days, p => p.Add(Sql.Of(olderThanDays)), reader => days.Add(reader.GetFieldValue<DateOnly>(0))).ConfigureAwait(false);
        return days;
    }

    /// <summary>The first of the days, with as many more as belong to it.</summary>
    /// <param name="days">Old enough, from the oldest; not empty.</param>
    /// <param name="starts">Where each partition's log begins here; a partition that is missing begins at its beginning.</param>
    /// <returns>The days, or why they stay.</returns>
    public static async Task<(JournalDays Days, string? Why)> NextAsync(
        NpgsqlConnection database, IReadOnlyList<DateOnly> days, IReadOnlyDictionary<int, (long Seq, UInt128 Chain)> starts)
    {
        for (var last = 0; ; last++)
        {
            var (ranges, why, goesOn) = await RangesAsync(database, days[0], days[last], starts).ConfigureAwait(false);
            var found = new JournalDays(days[0], days[last], ranges);
            if (why is not null || goesOn is null || last == days.Count - 1)
                return (found, why ?? goesOn);
        }
    }

    // Checked again under the locks of the removal, where it must give the same.
    public static async Task<(IReadOnlyList<ArchivedRange> Ranges, string? Why, string? GoesOn)> RangesAsync(
        NpgsqlConnection database, DateOnly first, DateOnly last, IReadOnlyDictionary<int, (long Seq, UInt128 Chain)> starts)
    {
        var ranges = new List<ArchivedRange>();
        string? why = null, goesOn = null;
        await database.QueryAsync(Ranges, p => { p.Add(Of(first)); p.Add(Of(last)); }, reader =>
        {
            var partition = reader.GetInt32(0);
            var range = new ArchivedRange(
                partition, reader.GetInt64(1), reader.GetInt64(2), ArchivedRange.Text(Sql.ReadChain(reader, 3)), ArchivedRange.Text(Sql.ReadChain(reader, 4)), reader.GetInt64(5));
            ranges.Add(range);
            if (!reader.GetBoolean(7) || reader.GetBoolean(8))
                why ??= $"partition {partition} is on its way between databases";
            else if (reader.IsDBNull(6) || reader.GetInt64(6) < range.LastSeq)
                why ??= $"partition {partition} has no checkpoint behind sequence {range.LastSeq}";
            else if (range.Start != starts.GetValueOrDefault(partition))
                why ??= $"the log of partition {partition} begins at {starts.GetValueOrDefault(partition).Seq + 1}, and these days at {range.FirstSeq}: 'millrace verify' tells more";
            if (!reader.IsDBNull(9) && reader.GetInt64(9) < range.LastSeq)
                goesOn ??= $"partition {partition} has batches of later days among them";
        }).ConfigureAwait(false);
        return (ranges, why, goesOn);
    }

    public static NpgsqlParameter Of(DateOnly day) => new NpgsqlParameter<DateOnly> { TypedValue = day, NpgsqlDbType = NpgsqlDbType.Date };
}
