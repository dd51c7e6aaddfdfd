namespace Millrace.Cli.Bench;

/// <summary>Where a figure comes from: without it, it means nothing.</summary>
internal static class Machine
{
    public static string Processor { get; } =
        First("/proc/cpuinfo", "model name") ?? System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString();

    public static int Cores => Environment.ProcessorCount;

    public static string Kernel { get; } = Environment.OSVersion.VersionString;

    public static long MemoryMb { get; } = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20;

    /// <summary>A commit in memory only (tmpfs) costs nothing: the reader must know.</summary>
    public static string FileSystemOf(string directory)
    {
        var path = Path.GetFullPath(directory);
        var mount = DriveInfo.GetDrives()
            .Where(drive => path.StartsWith(drive.RootDirectory.FullName, StringComparison.Ordinal))
            .MaxBy(drive => drive.RootDirectory.FullName.Length);
        return mount?.DriveFormat ?? "unknown";
    }

    private static string? First(string file, string field) => !File.Exists(file)
        ? null
        : File.ReadLines(file).FirstOrDefault(line => line.StartsWith(field, StringComparison.Ordinal))?.Split(':', 2)[1].Trim();
}
