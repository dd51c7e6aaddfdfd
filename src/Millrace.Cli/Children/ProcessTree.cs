using System.Globalization;

namespace Millrace.Cli.Children;

/// <summary>A process and those it started, as <c>/proc</c> has them.</summary>
internal static class ProcessTree
{
    // USER_HZ, which is 100 on every Linux that .NET runs on. https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    private const double TicksPerSecond = 100;

    /// <summary>User and system time of the process, of its children that live and, through those that waited for them, of those that ended.</summary>
    public static TimeSpan CpuTime(int root)
    {
        var parents = new Dictionary<int, (int Parent, double Seconds)>();
        foreach (var folder in Directory.GetDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && Read(folder) is { } stat)
                parents[pid] = stat;
        }

        return TimeSpan.FromSeconds(parents.Where(p => IsBelow(parents, p.Key, root)).Sum(p => p.Value.Seconds));
    }

    private static bool IsBelow(Dictionary<int, (int Parent, double Seconds)> parents, int pid, int root)
    {
        while (pid != root)
        {
            if (!parents.TryGetValue(pid, out var stat))
                return false;
            pid = stat.Parent;
        }

        return true;
    }

    private static (int Parent, double Seconds)? Read(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            // The name stands in parentheses and may hold anything.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            double Number(int index) => double.Parse(fields[index], CultureInfo.InvariantCulture);
            return ((int)Number(1), (Number(11) + Number(12) + Number(13) + Number(14)) / TicksPerSecond);
        }
        catch (IOException)
        {
            // It ended while it was looked at.
            return null;
        }
    }
}
