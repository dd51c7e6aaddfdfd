using System.Globalization;
using System.Runtime.InteropServices;

namespace Millrace.Cli.Doctor;

/// <summary>Whether the clock is kept right: as the kernel knows, and against another's.</summary>
internal static class ClockCheck
{
    private const string Why = "leases, time-outs and the times of orders go by it; nodes may not be a second apart";
    private const string Mend = "sudo timedatectl set-ntp true   # or: sudo chronyc makestep";
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(1);

    /// <summary>adjtimex(2), which anybody may ask: what keeps the clock tells the kernel so.</summary>
    public static Finding OfKernel()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
            return new Finding("clock", Verdict.Warn, "not looked at: only 64-bit Linux tells", Why, Mend);
        var asked = default(Timex);
        var state = Adjust(ref asked);
        // STA_UNSYNC, or TIME_ERROR as the state.
        var isKept = state is >= 0 and not 5 && (asked.Status & 0x40) == 0;
        return Finding.Of("clock", isKept, Verdict.Warn,
            state < 0 ? "the kernel does not tell (adjtimex)"
            : isKept ? string.Create(CultureInfo.InvariantCulture, $"kept by a time service, error at most {asked.MaxErrorUs / 1_000} ms (adjtimex)")
            : "no time service keeps it, as far as the kernel knows (adjtimex)",
            Why, Mend);
    }

    /// <param name="name">Of the check.</param>
    /// <param name="theirs">What another's clock said.</param>
    /// <param name="earliest">Ours before it was asked.</param>
    /// <param name="latest">Ours when the answer was there.</param>
    /// <param name="resolution">Of what it said: it was cut off below.</param>
    public static Finding Against(string name, DateTimeOffset theirs, DateTimeOffset earliest, DateTimeOffset latest, TimeSpan resolution)
    {
        var ahead = theirs - latest;
        var behind = earliest - (theirs + resolution);
        var apart = ahead > TimeSpan.Zero ? ahead : behind > TimeSpan.Zero ? behind : TimeSpan.Zero;
        return Finding.Of(name, apart <= Allowed, Verdict.Fail,
            string.Create(CultureInfo.InvariantCulture, $"{(apart == TimeSpan.Zero ? "as this machine's" : $"at least {apart.TotalSeconds:0.0} s apart from this machine's")}, by an answer that took {(latest - earliest).TotalMilliseconds:0} ms{(resolution > TimeSpan.Zero ? $" and tells it to {resolution.TotalSeconds:0} s" : "")}"),
            Why, Mend);
    }

    [DllImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Adjust(ref Timex asked);

    // struct timex of 64-bit Linux, of which these are read; modes = 0 changes nothing.
    [StructLayout(LayoutKind.Explicit, Size = 208)]
    private struct Timex
    {
        [FieldOffset(0)]
        public uint Modes;

        [FieldOffset(24)]
        public long MaxErrorUs;

        [FieldOffset(40)]
        public int Status;
    }
}
