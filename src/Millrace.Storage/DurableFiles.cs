using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Millrace.Storage.Sqlite.Backup;

namespace Millrace.Storage;

/// <summary>Files that are on the disk when a call returns, readable by their owner only.</summary>
internal static class DurableFiles
{
    private const int ReadOnly = 0;
    private const int PieceBytes = 1 << 20;

    /// <summary>Makes an empty file that only its owner may read, unless there is one already.</summary>
    public static void MakeFile(string path) => new FileStream(path, Options(FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite)).Dispose();

    /// <summary>Makes a folder that only its owner may enter, unless there is one already.</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>Copies a file.</summary>
    /// <param name="advanced">Told of the bytes of each piece.</param>
    /// <returns>The SHA-256 of what was copied, in hexadecimal.</returns>
    public static async Task<string> CopyAsync(string from, string to, Action<long> advanced, CancellationToken cancellation)
    {
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var target = new FileStream(to, Options(FileMode.CreateNew, FileAccess.Write));
        var hash = await ReadAsync(source, async piece =>
        {
            await target.WriteAsync(piece, cancellation);
            advanced(piece.Length);
        }, cancellation);
        target.Flush(flushToDisk: true);
        return hash;
    }

    /// <summary>Makes durable a file that another wrote, and reads it at the pace of a backup.</summary>
    /// <returns>Its SHA-256, in hexadecimal.</returns>
    public static async Task<string> SealAsync(string path, CancellationToken cancellation)
    {
        Sync(path);
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(file.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var begun = Stopwatch.GetTimestamp();
        return await ReadAsync(file, async _ =>
        {
            await BackupPace.RestAsync(begun, cancellation);
            begun = Stopwatch.GetTimestamp();
        }, cancellation);
    }

    /// <summary>Waits until what was written to a file so far, by whomever, is on the disk.</summary>
    public static void Sync(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        RandomAccess.FlushToDisk(file);
    }

    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = new FileStream(path, Options(FileMode.CreateNew, FileAccess.Write));
        file.Write(bytes);
        file.Flush(flushToDisk: true);
    }

    /// <summary>Gives a finished folder its final name, durably; fails when there is something under it.</summary>
    public static void Rename(string from, string to)
    {
        SyncFolder(from);
        Directory.Move(from, to);
        SyncFolder(Path.GetDirectoryName(to)!);
    }

    private static async Task<string> ReadAsync(FileStream source, Func<ReadOnlyMemory<byte>, Task> take, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[PieceBytes];
        for (int length; (length = await source.ReadAsync(piece, cancellation)) > 0;)
        {
            hash.AppendData(piece, 0, length);
            await take(piece.AsMemory(0, length));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static FileStreamOptions Options(FileMode mode, FileAccess access, FileShare share = FileShare.None)
    {
        var options = new FileStreamOptions { Mode = mode, Access = access, Share = share };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        return options;
    }

    // A name is durable only once its folder is; the framework opens no folders.
    public static void SyncFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(path, ReadOnly);
        if (descriptor < 0)
            throw Fault(path);
        try
        {
            if (Sync(descriptor) != 0)
                throw Fault(path);
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    private static IOException Fault(string path) => new($"{path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Sync(int descriptor);

    [DllImport("libc", EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int descriptor);
}
