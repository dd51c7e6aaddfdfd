using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Journal;

/// <summary>What could be read of one commit.</summary>
/// <param name="Position">The row.</param>
/// <param name="Batches">Its readable batches, in order.</param>
/// <param name="Lost">Why the row, or its end, is unreadable; null when it is whole.</param>
internal readonly record struct JournalRow(long Position, IReadOnlyList<PartitionBatch> Batches, string? Lost);

/// <summary>Reads journal rows in short pieces, so that no read snapshot lives long enough to keep the WAL from being reused.</summary>
internal static class JournalRows
{
    private const int RowsInPiece = 64;
    private const string Select =
        "SELECT position, batches FROM journal WHERE position >= ?1 AND position <= ?2 ORDER BY position LIMIT ?3";

    /// <summary>The next piece of the rows from <paramref name="from"/> to <paramref name="to"/>; missing rows are in it,
    /// marked as lost. At least one row, unless <paramref name="from"/> is past <paramref name="to"/>.</summary>
    public static List<JournalRow> ReadPiece(SqliteSession session, long from, long to, int? only, int partitionCount)
    {
        var rows = new List<JournalRow>();
        var expected = from;
        var statement = session.Statement(Select).Bind(1, from).Bind(2, to).Bind(3, RowsInPiece);
        using var scope = statement.Use();
        try
        {
            while (statement.Step())
            {
                var position = statement.Int64(0);
                // A damaged page can give rows in any order, and the same ones for ever.
                if (position < expected || position > to)
                {
                    rows.Add(new JournalRow(to, [], $"rows {expected} to {to} cannot be read (row {position} stands among them)"));
                    return rows;
                }

                if (position > expected)
                    rows.Add(Missing(expected, position - 1));
                var batches = new List<PartitionBatch>();
                var whole = JournalFrames.Read(position, statement.Blob(1), only, partitionCount, batches);
                rows.Add(new JournalRow(position, batches, whole ? null : $"row {position} is damaged"));
                expected = position + 1;
            }
        }
        catch (Microsoft.Data.Sqlite.SqliteException fault) when (SqliteConnectionFactory.IsDamage(fault))
        {
            // The page that leads to this row is damaged, and perhaps to all that follow.
            rows.Add(new JournalRow(to, [], $"rows {expected} to {to} cannot be read ({fault.Message})"));
            return rows;
        }

        if (rows.Count == 0 && from <= to)
            rows.Add(Missing(from, to));
        return rows;
    }

    private static JournalRow Missing(long from, long to) =>
        new(to, [], from == to ? $"row {from} is missing" : $"rows {from} to {to} are missing");
}
