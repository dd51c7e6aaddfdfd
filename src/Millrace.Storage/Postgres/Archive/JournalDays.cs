using System.Globalization;

namespace Millrace.Storage.Postgres.Archive;

/// <summary>One partition's batches in an archive; they stand beside each other in its log.</summary>
/// <param name="Partition">Whose they are.</param>
/// <param name="FirstSeq">Of the first batch.</param>
/// <param name="LastSeq">Of the last batch.</param>
/// <param name="Previous">What the first batch chains on to, in hexadecimal.</param>
/// <param name="Chain">Of the last batch, in hexadecimal.</param>
/// <param name="Batches">How many.</param>
public sealed record ArchivedRange(int Partition, long FirstSeq, long LastSeq, string Previous, string Chain, long Batches)
{
    /// <summary>What comes before the first batch.</summary>
    internal (long Seq, UInt128 Chain) Start => (FirstSeq - 1, Parse(Previous));

    /// <summary>The last batch: where the rest of the log goes on.</summary>
    internal (long Seq, UInt128 Chain) End => (LastSeq, Parse(Chain));

    internal static string Text(UInt128 chain) => chain.ToString("x32", CultureInfo.InvariantCulture);

    private static UInt128 Parse(string text) => UInt128.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

/// <summary>What is archived at once: a day of one database; several where the clock went back over midnight, so that a log does not follow the days.</summary>
internal sealed record JournalDays(DateOnly First, DateOnly Last, IReadOnlyList<ArchivedRange> Ranges)
{
    public bool IsSameAs(JournalDays other) => (First, Last) == (other.First, other.Last) && Ranges.SequenceEqual(other.Ranges);

    /// <summary>As people are shown it.</summary>
    public string Name => First == Last ? Text(First) : $"{Text(First)} to {Text(Last)}";

    /// <summary>The tables of these days.</summary>
    public string[] Tables => [.. Enumerable.Range(First.DayNumber, Last.DayNumber - First.DayNumber + 1)
        .Select(day => "journal_" + DateOnly.FromDayNumber(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture))];

    private static string Text(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
