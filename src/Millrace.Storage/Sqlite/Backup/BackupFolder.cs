using System.Globalization;
using System.Text.RegularExpressions;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>
/// A folder of backups, held by one process while it makes one. A backup has a folder of its own, named by the time and by a number above
/// all others' here, and <c>.partial</c> until it is whole.
/// </summary>
internal sealed partial class BackupFolder : IDisposable
{
    private const string Unfinished = ".partial";
    private readonly string _path;
    private readonly FileStream _lock;

    private BackupFolder(string path, FileStream @lock) => (_path, _lock) = (path, @lock);

    public long FreeBytes => new DriveInfo(_path).AvailableFreeSpace;

    /// <summary>Takes the folder, and removes what a process that was killed has left half-made.</summary>
    /// <exception cref="BackupFailedException">It is missing, or another backup is being made in it.</exception>
    public static BackupFolder Acquire(string path)
    {
        // Not made: a disk that is not mounted would otherwise be filled under its mount point.
        if (!Directory.Exists(path))
            throw new BackupFailedException($"There is no folder '{path}' for backups.");
        FileStream held;
        try
        {
            held = new FileStream(Path.Combine(path, "millrace.backups.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault)
        {
            throw new BackupFailedException($"Another backup is being made in '{path}': {fault.Message}", fault);
        }

        try
        {
            foreach (var half in Directory.EnumerateDirectories(path, "*" + Unfinished).Where(half => Number(half) is not null))
                Directory.Delete(half, recursive: true);
            return new BackupFolder(path, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    public string NewName(DateTimeOffset now)
    {
        var number = Directory.EnumerateDirectories(_path).Max(Number) ?? 0;
        return string.Create(CultureInfo.InvariantCulture, $"{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{number + 1}");
    }

    public string Begin(string name)
    {
        var partial = Path.Combine(_path, name + Unfinished);
        DurableFiles.CreateFolder(partial);
        return partial;
    }

    public void Finish(string name) => DurableFiles.Rename(Path.Combine(_path, name + Unfinished), Path.Combine(_path, name));

    /// <summary>Removes what is half-made.</summary>
    public void Abandon(string name) => Directory.Delete(Path.Combine(_path, name + Unfinished), recursive: true);

    public void Dispose() => _lock.Dispose();

    private static long? Number(string folder) => Name().Match(Path.GetFileName(folder)) is { Success: true } match
        && long.TryParse(match.Groups["number"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"^\d{8}T\d{6}Z-(?<number>\d{1,18})(\.partial)?$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();
}
