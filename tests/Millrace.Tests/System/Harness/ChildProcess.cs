using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Millrace.Tests.EndToEnd;

/// <summary>Linux's numbers.</summary>
internal enum Signal
{
    Kill = 9,
    Term = 15,
    Continue = 18,
    Stop = 19,
}

/// <summary>A process of ours: signaled by its own id, its words kept for the message of a failure, gone when disposed.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptLines = 200;
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(30);
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Action<string>? _hear;

    /// <param name="start">The program.</param>
    /// <param name="hear">Is told every line of both streams, from any thread.</param>
    public ChildProcess(ProcessStartInfo start, Action<string>? hear = null)
    {
        _hear = hear;
        start.UseShellExecute = false;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public IReadOnlyCollection<string> Output => _output;

    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Its last words, both streams.</summary>
    public string Words => string.Join('\n', _output.Concat(_errors).Prepend($"{_process.StartInfo.FileName} {string.Join(' ', _process.StartInfo.ArgumentList)}:"));

    public void Send(Signal signal)
    {
        if (!_process.HasExited && kill(_process.Id, (int)signal) != 0)
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"kill: errno {Marshal.GetLastPInvokeError()}"));
    }

    /// <summary>Stops it where it is. The signal is on its way when it is sent: until each of its threads has stopped, one may answer.</summary>
    public async Task PauseAsync()
    {
        Send(Signal.Stop);
        await Eventually.Async(() => Task.FromResult(AreAllStopped($"/proc/{Id}/task")), "it is stopped");
    }

    /// <returns>The exit code; 128 and the signal's number after a signal.</returns>
    public async Task<int> ExitAsync(TimeSpan? within = null)
    {
        using var limit = new CancellationTokenSource(within ?? ExitLimit);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException late)
        {
            throw new TimeoutException($"It did not end within {within ?? ExitLimit}. {Words}", late);
        }

        return _process.ExitCode;
    }

    // proc(5): the state stands behind the name, which is in brackets.
    private static bool AreAllStopped(string threads)
    {
        try
        {
            return Array.TrueForAll(Directory.GetDirectories(threads), thread => File.ReadAllText(Path.Combine(thread, "stat")) is var stat && stat[stat.LastIndexOf(')') + 2] == 'T');
        }
        catch (IOException)
        {
            // One has ended meanwhile.
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Not a stopped process, nor one that hangs, outlives its test.
        Send(Signal.Kill);
        await ExitAsync();
        _process.Dispose();
    }

    private void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (string.IsNullOrEmpty(line))
            return;
        _hear?.Invoke(line);
        lines.Enqueue(line);
        if (lines.Count > KeptLines)
            lines.TryDequeue(out _);
    }

    [DllImport("libc", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}
