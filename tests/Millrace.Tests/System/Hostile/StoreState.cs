using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Millrace.Tests.EndToEnd.Hostile;

/// <summary>How far a store is: whatever has an effect has a row of the journal, or of the audit log.</summary>
/// <param name="Journal">Rows of all partitions.</param>
/// <param name="Audit">Rows of the audit log.</param>
internal sealed record StoreState(long Journal, long Audit)
{
    /// <summary>Of a server's folder, while it serves.</summary>
    public static StoreState Read(string dataDirectory) =>
        new(Count(dataDirectory, "millrace.journal.db", "SELECT COALESCE(MAX(rowid), 0) FROM journal"), Count(dataDirectory, "admin.db", "SELECT COUNT(*) FROM audit"));

    /// <summary>Lists show all that the journal has.</summary>
    public static bool IsShown(string dataDirectory) =>
        Count(dataDirectory, "millrace.readmodel.db", "SELECT scan_from FROM progress") > Read(dataDirectory).Journal;

    /// <summary>A job is marked for as long as somebody is at it.</summary>
    public static bool HasWorkingJob(string dataDirectory) => Count(dataDirectory, "admin.db", "SELECT COUNT(*) FROM record WHERE kind = 'job_mark'") > 0;

    private static long Count(string dataDirectory, string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(dataDirectory, file)};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }
}
