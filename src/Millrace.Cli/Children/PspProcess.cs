using System.Diagnostics;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Children;

/// <summary>The PSP simulator as a child process; ended by its own process id when disposed.</summary>
internal sealed class PspProcess : IAsyncDisposable
{
    private readonly Process _process;
    private Task _drain = Task.CompletedTask;

    private PspProcess(Process process, Uri url)
    {
        _process = process;
        Url = url;
    }

    public Uri Url { get; }

    public static async Task<PspProcess> StartAsync(string data, Uri webhooks, string secret, CancellationToken cancellation)
    {
        var url = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        var start = Self.Start("psp", "--data", data, "--urls", url.ToString(), "--webhook-url", webhooks.ToString(), "--until-stdin-ends");
        start.Environment["MILLRACE_PSP_WEBHOOK_SECRET"] = secret;
        start.RedirectStandardOutput = true;
        // The system closes the pipe when this process dies, however it dies: the simulator ends with it.
        start.RedirectStandardInput = true;
        var process = new Process { StartInfo = start };
        Forking.Start(process, atDeath: "TERM");
        var running = new PspProcess(process, url);
        try
        {
            // Its first line says that it listens.
            while (await process.StandardOutput.ReadLineAsync(cancellation) is { } line)
            {
                if (line.StartsWith("psp listening", StringComparison.Ordinal))
                {
                    // Read on: a full pipe must not hold up the simulator.
                    running._drain = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                    return running;
                }
            }

            throw new InvalidOperationException("The PSP simulator ended before it listened.");
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        await _drain;
        _process.Dispose();
    }
}
