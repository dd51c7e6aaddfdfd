using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Millrace.Cli.Bench;

namespace Millrace.Cli.Doctor;

/// <summary>The disk under a folder: room, file system, and how fast it makes writes durable.</summary>
internal static class DiskChecks
{
    private const long RoomAdvisedMb = 1_024;
    private const int PageBytes = 4_096;
    private const int MostSyncs = 100;
    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(500);

    public static IEnumerable<Finding> Of(string folder)
    {
        var disk = new DriveInfo(Path.GetFullPath(folder));
        var free = disk.AvailableFreeSpace >> 20;
        yield return Finding.Of("disk", free >= RoomAdvisedMb, free >= RoomAdvisedMb / 8 ? Verdict.Warn : Verdict.Fail,
            $"{free} MiB free under {folder}, {RoomAdvisedMb} advised", "a full disk takes no orders; an order needs about 1.1 KB",
            $"du -xh {Client.Curl.Quoted(Path.GetFullPath(folder))} | sort -h | tail -n 20");
        yield return OfFileSystem(folder);
        yield return OfSyncs(folder);
    }

    private static Finding OfFileSystem(string folder)
    {
        var kind = Machine.FileSystemOf(folder);
        var (verdict, why) = kind switch
        {
            "tmpfs" or "ramfs" => (Verdict.Warn, "it is memory: a loss of power loses every order"),
            "overlay" or "overlayfs" => (Verdict.Warn, "it is a container's own layer: what is in it goes with the container"),
            "nfs" or "nfs4" or "cifs" or "smb2" or "smbfs" or "fuse.sshfs" or "9p" => (Verdict.Fail, "SQLite's write-ahead log needs shared memory and locks, which a network's file system does not keep"),
            _ => (Verdict.Ok, "what is synced to it must stay"),
        };
        return new Finding("filesystem", verdict, kind, why, verdict == Verdict.Ok ? null : "millrace serve --data /var/lib/millrace   # a folder on a local disk");
    }

    private static Finding OfSyncs(string folder)
    {
        const string why = "each group of orders waits for one sync; below 20 µs it may be a cache that loses power with the machine";
        var name = Path.Combine(folder, $".millrace-doctor-{Guid.NewGuid():N}");
        try
        {
            var times = Measure(name);
            var (p50, p99) = (At(times, 0.5), At(times, 0.99));
            var isSlow = p99 > 50;
            return new Finding("fsync", isSlow || p50 < 0.02 ? Verdict.Warn : Verdict.Ok,
                string.Create(CultureInfo.InvariantCulture, $"p50 {p50:0.000} ms, p99 {p99:0.000} ms of {times.Count} writes of {PageBytes} bytes, each with fdatasync"),
                why, isSlow ? "millrace serve --data /mnt/fast/millrace   # a disk that is faster, or used by nobody else"
                : p50 < 0.02 ? $"findmnt -T {Client.Curl.Quoted(Path.GetFullPath(folder))}; cat /sys/block/*/queue/write_cache" : null);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new Finding("fsync", Verdict.Fail, $"not measured: {refused.Message}", "the folder cannot be written to", $"ls -ld {Client.Curl.Quoted(Path.GetFullPath(folder))}; id");
        }
    }

    private static double At(List<double> sorted, double share) => sorted[(int)Math.Ceiling(share * sorted.Count) - 1];

    // Like a log: each write is behind the one before.
    private static List<double> Measure(string name)
    {
        using var file = File.OpenHandle(name, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.DeleteOnClose);
        var page = new byte[PageBytes];
        var times = new List<double>(MostSyncs);
        var began = Stopwatch.GetTimestamp();
        while (times.Count < MostSyncs && Stopwatch.GetElapsedTime(began) < MostTime)
        {
            var start = Stopwatch.GetTimestamp();
            RandomAccess.Write(file, page, times.Count * (long)PageBytes);
            Sync(file);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        times.Sort();
        return times;
    }

    private static void Sync(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux())
            RandomAccess.FlushToDisk(file);
        else if (SyncData(file) != 0)
            throw new IOException(new Win32Exception(Marshal.GetLastPInvokeError()).Message);
    }

    [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SyncData(SafeFileHandle file);
}
