using System.Diagnostics;

namespace Millrace.Cli.Children;

/// <summary>The real server as a child process that is killed, paused and started again over the same folder.</summary>
internal sealed class NodeProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);
    private readonly HttpClient _probe = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly string[] _arguments;
    private readonly string _secret;
    private Child? _child;

    /// <param name="arguments">Of <c>serve</c>, without the address.</param>
    /// <param name="secret">Signs the PSP's webhooks.</param>
    /// <param name="port">The same in all its lives.</param>
    public NodeProcess(IEnumerable<string> arguments, string secret, int port)
    {
        Url = new Uri($"http://127.0.0.1:{port}");
        (_arguments, _secret) = (["serve", .. arguments, "--urls", Url.ToString()], secret);
    }

    public Uri Url { get; }

    /// <summary>Starts the process and waits for nothing.</summary>
    public void Launch()
    {
        var start = Self.Start(_arguments);
        start.Environment["MILLRACE_PSP_WEBHOOK_SECRET"] = _secret;
        _child = Child.Start(start);
    }

    /// <summary>Starts the process and waits until all its partitions serve.</summary>
    /// <returns>How long that took.</returns>
    public async Task<TimeSpan> StartAsync(CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        Launch();
        while (!await IsReadyAsync(cancellation))
        {
            if (_child!.HasExited || watch.Elapsed > ReadyPatience)
                throw new InvalidOperationException($"The server did not become ready; it said: {_child.Output}");
            await Task.Delay(10, cancellation);
        }

        return watch.Elapsed;
    }

    /// <summary>The end of what its present life has said.</summary>
    public string Output => _child?.Output ?? "";

    public bool IsRunning => _child is { HasExited: false };

    /// <summary>Of its present life.</summary>
    public int ProcessId => _child!.Id;

    /// <summary>SIGKILL.</summary>
    /// <returns>How it had ended before the signal came; null when the signal ended it.</returns>
    public async Task<OwnEnd?> KillAsync() => await _child!.KillAsync() is { } code ? new OwnEnd(code, _child.Output) : null;

    /// <summary>SIGSTOP for a while.</summary>
    public async Task PauseAsync(TimeSpan duration, CancellationToken cancellation)
    {
        _child!.Pause();
        try
        {
            await Task.Delay(duration, cancellation);
        }
        finally
        {
            _child.Resume();
        }
    }

    /// <summary>Starts it again if it ends within a while; one that goes on is left alone.</summary>
    /// <returns>How it had ended; null when it goes on, or was killed.</returns>
    public async Task<OwnEnd?> StartAgainAsync(TimeSpan patience, CancellationToken cancellation)
    {
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < patience; await Task.Delay(50, cancellation))
        {
            if (!_child!.HasExited)
                continue;
            var end = await KillAsync();
            await StartAsync(cancellation);
            return end;
        }

        return null;
    }

    /// <summary>Until it serves, if it did not end.</summary>
    /// <exception cref="InvalidOperationException">It does neither.</exception>
    public async Task UntilServingAsync(CancellationToken cancellation)
    {
        for (var watch = Stopwatch.StartNew(); !_child!.HasExited && !await IsReadyAsync(cancellation); await Task.Delay(50, cancellation))
        {
            if (watch.Elapsed > ReadyPatience)
                throw new InvalidOperationException($"The server does not serve again; it said: {_child.Output}");
        }
    }

    public async Task StopAsync(CancellationToken cancellation)
    {
        var code = await _child!.StopAsync(StopPatience, cancellation);
        if (code != 0)
            throw new InvalidOperationException($"The server ended with {code}: {_child.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_child is not null)
            await _child.DisposeAsync();
        _probe.Dispose();
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellation)
    {
        try
        {
            using var response = await _probe.GetAsync(new Uri(Url, "/readyz"), cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (Exception away) when (away is HttpRequestException or System.Net.Sockets.SocketException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
