using System.Globalization;
using Millrace.Storage.Postgres.Archive.Orders;

namespace Millrace.Storage.Postgres;

/// <summary>One table of a day or a month, and the statements that make it.</summary>
/// <param name="Parent">What it is a part of.</param>
/// <param name="Key">The column that divides the parent.</param>
/// <param name="Name">Its own.</param>
/// <param name="First">Its first day.</param>
/// <param name="Low">The least key in it.</param>
/// <param name="High">Above every key in it.</param>
internal sealed record TimeTable(string Parent, string Key, string Name, DateOnly First, string Low, string High)
{
    /// <summary>How the names of all rules begin.</summary>
    public const string RulePrefix = "none_of_";

    private const int DaysAhead = 3;
    private const int MonthsAhead = 2;

    /// <summary>Where its rows go while it is not there.</summary>
    public string Default => $"{Parent}_other";

    public string Create => $"CREATE TABLE {Name} PARTITION OF {Parent} FOR VALUES FROM ('{Low}') TO ('{High}');";

    public string HasRows => $"EXISTS (SELECT 1 FROM {Default} WHERE {Key} >= '{Low}' AND {Key} < '{High}')";

    /// <summary>That the default table has no row of it. Once it is proven the server does not look.</summary>
    public string AddRule => $"ALTER TABLE {Default} ADD CONSTRAINT {Rule} CHECK ({Key} < '{Low}' OR {Key} >= '{High}') NOT VALID;";

    public string ProveRule => $"ALTER TABLE {Default} VALIDATE CONSTRAINT {Rule};";

    public string DropRule => $"ALTER TABLE {Default} DROP CONSTRAINT {Rule};";

    private string Rule => RulePrefix + Name;

    /// <summary>All that there should be, from the nearest.</summary>
    /// <param name="today">Of the database's clock, as it dates the journal.</param>
    /// <param name="utcToday">The same by UTC, as ids are made.</param>
    public static IEnumerable<TimeTable> Wanted(DateOnly today, DateOnly utcToday)
    {
        for (var day = today; day <= today.AddDays(DaysAhead); day = day.AddDays(1))
            yield return new TimeTable("journal", "written_on", "journal_" + Text(day, "yyyyMMdd"), day, Text(day, "yyyy-MM-dd"), Text(day.AddDays(1), "yyyy-MM-dd"));
        for (var ahead = 0; ahead <= MonthsAhead; ahead++)
        {
            var month = new OrderMonth(new DateOnly(utcToday.Year, utcToday.Month, 1).AddMonths(ahead));
            yield return new TimeTable("orders", "id", month.Table, month.First, $"{month.Low}", $"{month.High}");
            yield return new TimeTable("name", "order_id", "name_" + Text(month.First, "yyyyMM"), month.First, $"{month.Low}", $"{month.High}");
        }
    }

    private static string Text(DateOnly day, string format) => day.ToString(format, CultureInfo.InvariantCulture);
}
