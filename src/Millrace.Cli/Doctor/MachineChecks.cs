using System.Globalization;
using System.Runtime.InteropServices;
using Millrace.Cli.Bench;
using Millrace.Storage.Sqlite;

namespace Millrace.Cli.Doctor;

/// <summary>The runtime, the libraries, memory, and what the kernel allows.</summary>
internal static class MachineChecks
{
    private const int RuntimeNeeded = 10;

    // 460 MB were resident under full load (docs/performance.md); the rest is the page cache's, which the database lives on.
    private const long MemoryAdvisedMb = 1_024;

    // A connection, a file of the store and a peer are one each; the overload benchmark holds 4,000 connections.
    private const long FilesAdvised = 8_192;

    // Kestrel asks for 512; what the kernel allows is less on some systems.
    private const long BacklogAdvised = 512;
    private static readonly Version SqliteNeeded = new(3, 51, 3);

    public static IEnumerable<Finding> All()
    {
        yield return Finding.Of("runtime", Environment.Version.Major >= RuntimeNeeded, Verdict.Fail,
            $"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription}, {Machine.Cores} cores",
            "it was built for .NET 10", "curl -sSL https://dot.net/v1/dotnet-install.sh | bash -s -- --channel 10.0");
        yield return Finding.Of("sqlite", Version.TryParse(SqliteStore.LibraryVersion, out var version) && version >= SqliteNeeded, Verdict.Fail,
            $"library {SqliteStore.LibraryVersion}, at least {SqliteNeeded} needed", "older ones can lose commits of the write-ahead log",
            "rm -r artifacts && ./millrace doctor   # builds again, with the library of its packages");
        yield return Finding.Of("memory", Machine.MemoryMb >= MemoryAdvisedMb, Verdict.Warn,
            $"{Machine.MemoryMb} MiB for this process (the machine's, or its control group's), {MemoryAdvisedMb} advised",
            "the heap of a loaded node and the pages of its database share it", "systemctl set-property millrace.service MemoryMax=2G");
        if (!OperatingSystem.IsLinux())
            yield break;
        if (OpenFiles() is { } files)
        {
            yield return Finding.Of("files", files >= FilesAdvised, Verdict.Warn, $"{files} open files allowed (/proc/self/limits), {FilesAdvised} advised",
                "each connection is one; at the limit nobody is let in", "ulimit -n 65536   # or LimitNOFILE=65536 in the unit");
        }

        if (Setting("/proc/sys/net/core/somaxconn") is { } backlog)
        {
            yield return Finding.Of("somaxconn", backlog >= BacklogAdvised, Verdict.Warn, $"net.core.somaxconn = {backlog}, {BacklogAdvised} advised",
                "as many connections wait to be accepted after a restart; the rest are turned away", "sudo sysctl -w net.core.somaxconn=4096");
        }
    }

    /// <summary>Of a node over PostgreSQL.</summary>
    public static IEnumerable<Finding> OfNetwork()
    {
        const long advised = 5;
        if (Setting("/proc/sys/net/ipv4/tcp_retries2") is { } retries)
        {
            yield return Finding.Of("retries", retries <= advised, Verdict.Warn, $"net.ipv4.tcp_retries2 = {retries}, {advised} advised",
                "how long the kernel keeps a connection to a database that has fallen silent: with 15 some 15 minutes, in which appends that were given up still count (docs/trade-offs.md)",
                $"sudo sysctl -w net.ipv4.tcp_retries2={advised}");
        }
    }

    private static long? Setting(string file) =>
        File.Exists(file) && long.TryParse(File.ReadAllText(file).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private static long? OpenFiles()
    {
        var line = File.ReadLines("/proc/self/limits").FirstOrDefault(l => l.StartsWith("Max open files", StringComparison.Ordinal));
        return line?.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, _, _, var soft, ..]
            ? soft == "unlimited" ? long.MaxValue : long.Parse(soft, CultureInfo.InvariantCulture)
            : null;
    }
}
