using Microsoft.Data.Sqlite;
using Millrace.Engine.Journal;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>Makes a backup of an open store: consistent, complete, in a folder of its own, while the store is written.</summary>
/// <param name="store">Open, by this process.</param>
/// <param name="folder">Holds all backups; outside of the data folder.</param>
/// <param name="copyMore">Copies what else belongs to the store into the folder that it is given.</param>
/// <param name="time">Names and dates the backup.</param>
public sealed class StoreBackup(SqliteStore store, string folder, Action<string> copyMore, TimeProvider time)
{
    private long _done;
    private long _total;

    /// <summary>Bytes that are copied so far. Thread-safe.</summary>
    public long DoneBytes => Math.Min(Interlocked.Read(ref _done), TotalBytes);

    /// <summary>About how many there are; more may be written meanwhile.</summary>
    public long TotalBytes => Interlocked.Read(ref _total);

    /// <exception cref="BackupFailedException">No backup was made, and no half of one is left.</exception>
    public async Task<BackupManifest> RunAsync(CancellationToken cancellation)
    {
        try
        {
            RequireOutside(store.DataDirectory, folder);
            using var backups = BackupFolder.Acquire(folder);
            var size = await store.DiskBytesAsync();
            Interlocked.Exchange(ref _total, size);
            if (backups.FreeBytes < size)
                throw new BackupFailedException($"'{folder}' has {backups.FreeBytes >> 20:N0} MB left, and the store has {size >> 20:N0} MB.");
            return await RunAsync(backups, cancellation);
        }
        catch (Exception fault) when (IsOfDisk(fault) || fault is StoreUnavailableException or StoreRefusedException or InvalidDataException or JournalCorruptException)
        {
            throw new BackupFailedException($"The backup was not made: {fault.Message}", fault);
        }
    }

    /// <exception cref="BackupFailedException">A backup inside the store's own folder would be lost with it.</exception>
    public static void RequireOutside(string dataDirectory, string folder)
    {
        var relative = Path.GetRelativePath(Path.GetFullPath(dataDirectory), Path.GetFullPath(folder));
        if (!Path.IsPathRooted(relative) && relative.Split(Path.DirectorySeparatorChar)[0] != "..")
            throw new BackupFailedException($"'{folder}' is inside of the data folder, and would be lost with it.");
    }

    internal static bool IsOfDisk(Exception fault) => fault is IOException or UnauthorizedAccessException or SqliteException;

    private async Task<BackupManifest> RunAsync(BackupFolder backups, CancellationToken cancellation)
    {
        var begun = time.GetUtcNow();
        var name = backups.NewName(begun);
        var partial = backups.Begin(name);
        try
        {
            var seqs = await store.CopyToAsync(partial, Advance, cancellation);
            var taken = time.GetUtcNow();
            copyMore(partial);
            var files = new List<BackupFile>();
            foreach (var file in new DirectoryInfo(partial).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
                files.Add(new BackupFile(file.Name, file.Length, await DurableFiles.SealAsync(file.FullName, cancellation)));
            var manifest = new BackupManifest(BackupManifest.CurrentFormat, name, begun, taken, seqs, files);
            DurableFiles.Write(Path.Combine(partial, BackupManifest.FileName), manifest.ToBytes());
            backups.Finish(name);
            Advance(TotalBytes);
            return manifest;
        }
        catch
        {
            backups.Abandon(name);
            throw;
        }
    }

    private void Advance(long bytes) => Interlocked.Add(ref _done, bytes);
}
