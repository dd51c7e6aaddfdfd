using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Millrace.Cli.Children;

/// <summary>A process that this one started, watched by its id and gone when this object or this process is.</summary>
internal sealed class Child : IAsyncDisposable
{
    private const int MaxKeptLength = 64 * 1024;
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;
    // As a shell counts, and .NET.
    private const int AfterSignal = 128;
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly Lock _ending = new();
    private Task<int?>? _ended;
    private volatile bool _isDisposed;

    private Child(Process process) => _process = process;

    public int Id => _process.Id;

    public bool HasExited => _isDisposed || _process.HasExited;

    /// <summary>The end of what it printed, on either stream.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>User and system time of all its threads, as the operating system counts it.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    /// <summary>This program again, with other arguments.</summary>
    public static Child StartSelf(params string[] arguments) => Start(Self.Start(arguments));

    /// <param name="start">What to start.</param>
    /// <param name="atDeath">The signal that it is sent when this process has ended without it.</param>
    public static Child Start(ProcessStartInfo start, string atDeath = "KILL")
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        var child = new Child(new Process { StartInfo = start });
        child._process.OutputDataReceived += (_, line) => child.Keep(line.Data);
        child._process.ErrorDataReceived += (_, line) => child.Keep(line.Data);
        Forking.Start(child._process, atDeath);
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <returns>Its exit code, once all that it printed is here.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        await _process.WaitForExitAsync(cancellation);
        return _process.ExitCode;
    }

    /// <summary>Asks it to stop, as an operator would.</summary>
    public async Task<int> StopAsync(TimeSpan patience, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(patience);
        if (!_process.HasExited)
            _ = Kill(_process.Id, SigTerm);
        return await WaitAsync(limit.Token);
    }

    /// <summary>SIGSTOP: it stands still, and does not know it.</summary>
    public void Pause() => _ = Kill(_process.Id, SigStop);

    /// <summary>SIGCONT: it goes on as if nothing had happened.</summary>
    public void Resume() => _ = Kill(_process.Id, SigCont);

    /// <summary>SIGKILL, unless it has ended already; nothing of it runs any more afterwards, and all that it printed is here.</summary>
    /// <returns>The exit code with which it had ended without this signal; null when the signal ended it. The same each time.</returns>
    public Task<int?> KillAsync()
    {
        lock (_ending)
            return _ended ??= EndAsync();
    }

    /// <summary>As <see cref="KillAsync"/>.</summary>
    public async ValueTask DisposeAsync() => await KillAsync();

    private async Task<int?> EndAsync()
    {
        var hadExited = _process.HasExited;
        if (!hadExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        var code = _process.ExitCode;
        _isDisposed = true;
        _process.Dispose();
        // One that crashed between the look and the signal has the code of its crash.
        return hadExited || code != AfterSignal + SigKill ? code : null;
    }

    private void Keep(string? line)
    {
        if (line is null)
            return;
        lock (_output)
        {
            _output.Append(line).Append('\n');
            if (_output.Length > MaxKeptLength)
                _output.Remove(0, _output.Length - MaxKeptLength);
        }
    }

    // kill(2): .NET itself knows only SIGKILL.
    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
