using System.Collections.Concurrent;
using System.Diagnostics;

namespace Millrace.Cli.Children;

/// <summary>
/// Starts processes that end with this one, however it ends: the kernel sends them a signal then (prctl(2), PR_SET_PDEATHSIG; <c>setpriv</c> asks for it on
/// Linux, and elsewhere they would stay). The kernel takes the end of the thread that forked for the end of the parent, so one thread forks
/// them all, and lives for as long as the process. Each is in a session of its own (<c>setsid</c>): Ctrl-C in a terminal is for this process alone, which stops them in
/// its own order.
/// </summary>
internal static class Forking
{
    public const string Setpriv = "/usr/bin/setpriv";
    private const string Setsid = "/usr/bin/setsid";
    private static readonly BlockingCollection<(Process Process, TaskCompletionSource Started)> Waiting = [];

    static Forking() => new Thread(Run) { IsBackground = true, Name = "forking" }.Start();

    /// <param name="process">Not started yet.</param>
    /// <param name="atDeath">The signal that it is sent when this process is no more.</param>
    public static void Start(Process process, string atDeath)
    {
        process.StartInfo = EndingWithParent(process.StartInfo, atDeath);
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Waiting.Add((process, started));
        started.Task.GetAwaiter().GetResult();
    }

    private static ProcessStartInfo EndingWithParent(ProcessStartInfo start, string atDeath)
    {
        if (!File.Exists(Setpriv) || !File.Exists(Setsid))
            return start;
        // One that is there already, to change the user, asks for the signal after that.
        string[] before = start.FileName == Setpriv ? ["--pdeathsig", atDeath] : ["--pdeathsig", atDeath, start.FileName];
        for (var i = 0; i < before.Length; i++)
            start.ArgumentList.Insert(i, before[i]);
        start.ArgumentList.Insert(0, Setpriv);
        start.FileName = Setsid;
        return start;
    }

    private static void Run()
    {
        foreach (var (process, started) in Waiting.GetConsumingEnumerable())
        {
            try
            {
                process.Start();
                started.SetResult();
            }
            catch (Exception failure)
            {
                // For whoever asked.
                started.SetException(failure);
            }
        }
    }
}
