using System.Diagnostics;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>How a backup leaves the machine to those who wait for an answer: it works in short steps, and rests after each.</summary>
internal static class BackupPace
{
    /// <summary>What a copy may leave to the system to write. A sync of much more at once would hold up the commits that share its disk.</summary>
    public const long MostUnsyncedBytes = 4 << 20;

    private const double LongestRestMs = 250;

    /// <summary>As long as it has worked: half of a processor and of the disk is free.</summary>
    /// <param name="begun">Time stamp of when the step began.</param>
    public static Task RestAsync(long begun, CancellationToken cancellation) =>
        Task.Delay(TimeSpan.FromMilliseconds(Math.Clamp(Stopwatch.GetElapsedTime(begun).TotalMilliseconds, 1, LongestRestMs)), cancellation);
}
