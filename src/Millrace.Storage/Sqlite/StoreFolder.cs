using System.Globalization;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite;

/// <summary>The data folder, locked for this process until disposed. The system frees the lock when the process dies.</summary>
internal sealed class StoreFolder : IDisposable
{
    private const string OwnPrefix = "millrace.";
    internal const string JournalName = "millrace.journal.db";
    internal const string ReadModelName = "millrace.readmodel.db";

    private readonly FileStream _lock;

    private StoreFolder(string path, FileStream @lock)
    {
        Path = path;
        _lock = @lock;
    }

    public string Path { get; }

    public string Journal => System.IO.Path.Combine(Path, JournalName);

    public string ReadModel => System.IO.Path.Combine(Path, ReadModelName);

    public static StoreFolder Acquire(string directory)
    {
        var path = System.IO.Path.GetFullPath(directory);
        try
        {
            // What people bought, and what stands for their means of payment.
            DurableFiles.CreateFolder(path);
            RequireNoForeignFiles(path);
            return new StoreFolder(path, Lock(path));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"Data folder {path} cannot be used: {fault.Message}");
        }
    }

    /// <summary>Bytes of both files with their WALs.</summary>
    public long DiskBytes() => new DirectoryInfo(Path).EnumerateFiles("millrace.*.db*").Sum(file => file.Length);

    public void Dispose() => _lock.Dispose();

    private static void RequireNoForeignFiles(string path)
    {
        // Served, it would be a backup no more.
        if (Backup.BackupManifest.IsIn(path))
            throw new StoreRefusedException($"{path} is a backup; 'millrace restore --from {path} --to DIR' makes a data folder of it.");
        if (File.Exists(System.IO.Path.Combine(path, JournalName)))
            return;

        if (Directory.EnumerateFiles(path, "millrace.*db*").Select(System.IO.Path.GetFileName).FirstOrDefault() is { } part)
            throw new StoreRefusedException($"Data folder {path} has {part} but no {JournalName}: the journal was lost or moved.");

        // The root of a mounted volume has a lost+found of its own; keys may be made before the first start.
        var foreign = Directory.EnumerateFileSystemEntries(path)
            .Select(entry => System.IO.Path.GetFileName(entry))
            .FirstOrDefault(name => !name.StartsWith(OwnPrefix, StringComparison.Ordinal)
                && !name.StartsWith(Administration.SqliteAdministration.FileName, StringComparison.Ordinal)
                && !string.Equals(name, "lost+found", StringComparison.Ordinal));
        if (foreign is not null)
            throw new StoreRefusedException(
                $"Data folder {path} has no {JournalName} but holds other files ({foreign}); name an empty folder.");
    }

    private static FileStream Lock(string path)
    {
        // The locked file itself cannot be opened by others, not even to read; the process id stands beside it.
        var note = System.IO.Path.Combine(path, "millrace.pid");
        FileStream held;
        try
        {
            held = new FileStream(
                System.IO.Path.Combine(path, "millrace.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(note))
        {
            throw new StoreInUseException(
                $"Data folder {path} is in use by another process ({File.ReadAllText(note).Trim()}).");
        }

        try
        {
            File.WriteAllText(note, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return held;
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }
}
