using System.Globalization;
using System.Security.Cryptography;
using Millrace.Engine.Journal;
using Millrace.Storage.Sqlite.Native;

namespace Millrace.Storage.Sqlite.Backup;

/// <summary>
/// Makes a data folder of a backup, under another name until <see cref="Finish"/>: whoever restores verifies it there first. The new store has
/// an id and epochs of its own, so that none of its files, claims or batches can be taken for those of the store that went on after the backup.
/// </summary>
public sealed class StoreRestore : IDisposable
{
    private const string Unfinished = ".restoring";
    private readonly string _backup;
    private readonly string _target;
    private long _done;

    private StoreRestore(string backup, string target, BackupManifest manifest)
    {
        (_backup, _target, Manifest) = (backup, target, manifest);
        DataDirectory = target + Unfinished;
    }

    public BackupManifest Manifest { get; }

    /// <summary>The folder until it is finished.</summary>
    public string DataDirectory { get; }

    public long DoneBytes => Interlocked.Read(ref _done);

    /// <summary>Whether a backup could be restored: every byte of it is read, and nothing is written.</summary>
    /// <returns>What it holds.</returns>
    /// <exception cref="BackupFailedException">There is no backup, it is damaged, or there is no room for it.</exception>
    public static async Task<BackupManifest> CheckAsync(string backup, string target, CancellationToken cancellation)
    {
        var manifest = Check(backup, target).Manifest;
        try
        {
            foreach (var file in manifest.Files)
            {
                await using var bytes = File.OpenRead(Path.Combine(backup, file.Name));
                if (Convert.ToHexStringLower(await SHA256.HashDataAsync(bytes, cancellation)) != file.Sha256)
                    throw new BackupFailedException($"The backup is damaged: {file.Name} is not as it was written.");
            }
        }
        catch (Exception fault) when (StoreBackup.IsOfDisk(fault))
        {
            throw new BackupFailedException($"The backup cannot be read: {fault.Message}", fault);
        }

        return manifest;
    }

    /// <param name="backup">A folder that <see cref="StoreBackup"/> made.</param>
    /// <param name="target">Does not exist, or is empty; its parent exists.</param>
    /// <exception cref="BackupFailedException">There is no backup, or no room for it.</exception>
    public static StoreRestore Begin(string backup, string target)
    {
        var restore = Check(backup, target);
        try
        {
            DurableFiles.CreateFolder(restore.DataDirectory);
            return restore;
        }
        catch (Exception fault) when (StoreBackup.IsOfDisk(fault))
        {
            throw new BackupFailedException($"The backup cannot be restored: {fault.Message}", fault);
        }
    }

    // Changes nothing yet.
    private static StoreRestore Check(string backup, string target)
    {
        var manifest = BackupManifest.Read(backup);
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new BackupFailedException($"{target} is occupied; name a folder that is empty or does not exist.");
        if (!Directory.Exists(Path.GetDirectoryName(target)))
            throw new BackupFailedException($"There is no folder {Path.GetDirectoryName(target)}.");
        var restore = new StoreRestore(backup, target, manifest);
        if (Directory.Exists(restore.DataDirectory))
            throw new BackupFailedException($"{restore.DataDirectory} is there: another restore is under way, or one was interrupted. Remove it if none is.");
        return restore;
    }

    /// <summary>Copies the files, checks every byte of them against the manifest, and gives the store its new identity.</summary>
    /// <param name="now">Milliseconds since 1970: the epochs begin there, above any that claims by ones could have come to.</param>
    /// <exception cref="BackupFailedException">The backup is damaged, or the disk failed.</exception>
    public async Task CopyAsync(long now, CancellationToken cancellation)
    {
        try
        {
            foreach (var file in Manifest.Files)
            {
                var source = Path.Combine(_backup, file.Name);
                if (!File.Exists(source))
                    throw new BackupFailedException($"The backup is damaged: {file.Name} is missing.");
                var hash = await DurableFiles.CopyAsync(source, Path.Combine(DataDirectory, file.Name), bytes => Interlocked.Add(ref _done, bytes), cancellation);
                if (hash != file.Sha256)
                    throw new BackupFailedException($"The backup is damaged: {file.Name} is not as it was written.");
            }

            Renew(now);
        }
        catch (Exception fault) when (StoreBackup.IsOfDisk(fault) || fault is StoreRefusedException or StoreUnavailableException)
        {
            throw new BackupFailedException($"The backup cannot be restored: {fault.Message}", fault);
        }
    }

    /// <summary>Gives the folder its name, durably. Nobody has it open.</summary>
    public void Finish()
    {
        try
        {
            if (Directory.Exists(_target))
                Directory.Delete(_target);
            DurableFiles.Rename(DataDirectory, _target);
        }
        catch (Exception fault) when (StoreBackup.IsOfDisk(fault))
        {
            throw new BackupFailedException($"The backup cannot be restored: {fault.Message}", fault);
        }
    }

    /// <summary>Removes what was not finished.</summary>
    public void Dispose()
    {
        if (Directory.Exists(DataDirectory))
            Directory.Delete(DataDirectory, recursive: true);
    }

    private void Renew(long now)
    {
        var id = StoreRow.NewId();
        using (var journal = Open(StoreFolder.JournalName))
        {
            journal.Execute("BEGIN IMMEDIATE");
            journal.Statement("UPDATE store SET store_id = ?1").BindKey(1, id).Run();
            journal.Statement("UPDATE partition_head SET epoch = max(epoch + 1, ?1), owner = ?2, released = 1")
                .Bind(1, now).Bind(2, string.Create(CultureInfo.InvariantCulture, $"restored from {Manifest.Name}")).Run();
            journal.Execute("COMMIT");
        }

        using var readModel = Open(StoreFolder.ReadModelName);
        readModel.Statement("UPDATE progress SET store_id = ?1").BindKey(1, id).Run();
    }

    private SqliteSession Open(string file) =>
        new SqliteConnectionFactory(Path.Combine(DataDirectory, file), SqliteSynchronous.Full, checkpointPages: 1_000, cacheMegabytes: 4).OpenWriter();
}
