using Millrace.Cli.Serve;
using System.Globalization;

namespace Millrace.Tests.EndToEnd;

/// <summary>How one server is started; the same settings start it again.</summary>
internal sealed record ServerSettings(string DataDirectory)
{
    public int Port { get; init; } = FreePort.Find();

    public string Host { get; init; } = "127.0.0.1";

    /// <summary>Null: the in-process one that says yes to everything.</summary>
    public Uri? Psp { get; init; }

    public string? WebhookSecret { get; init; } = "a secret of the tests";

    public string[] More { get; init; } = [];

    /// <summary>Further URLs that the API listens at, each with a semicolon before it.</summary>
    public string MoreUrls { get; init; } = "";

    /// <summary>The folder that it is started in; null for ours.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>What the process finds in its environment, beside ours.</summary>
    public Dictionary<string, string> Environment { get; init; } = [];

    public Uri Address => new($"http://127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}");

    public Uri WebhookAddress => new(Address, "/v1/psp/psp/webhooks");
}

/// <summary><c>millrace serve</c> as a process of its own.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private readonly HttpClient _probe;

    private ServerProcess(ServerSettings settings, ChildProcess process)
    {
        Process = process;
        _probe = new HttpClient { BaseAddress = settings.Address, Timeout = TimeSpan.FromSeconds(5) };
    }

    public ChildProcess Process { get; }

    /// <summary>Starts it and waits for nothing.</summary>
    /// <param name="settings">Of the server.</param>
    /// <param name="hear">Is told every line, of which the process keeps only the last.</param>
    public static ServerProcess Launch(ServerSettings settings, Action<string>? hear = null)
    {
        var port = settings.Port.ToString(CultureInfo.InvariantCulture);
        var start = MillraceExecutable.With("serve", "--data", settings.DataDirectory, "--urls", $"http://{settings.Host}:{port}{settings.MoreUrls}",
            "--psp", settings.Psp?.ToString() ?? "instant");
        foreach (var argument in settings.More)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in settings.Environment)
            start.Environment[name] = value;
        start.Environment["MILLRACE_PSP_WEBHOOK_SECRET"] = settings.WebhookSecret;
        start.WorkingDirectory = settings.WorkingDirectory ?? "";
        return new ServerProcess(settings, new ChildProcess(start, hear));
    }

    /// <summary>Starts it and waits until all partitions serve.</summary>
    public static async Task<ServerProcess> StartAsync(ServerSettings settings)
    {
        var server = Launch(settings);
        try
        {
            await Eventually.Async(
                () => server.Process.HasExited ? throw new InvalidOperationException("The server ended before it was ready.") : server.IsAsync("/readyz"),
                "the server is ready", ReadyLimit);
            return server;
        }
        catch (Exception failure)
        {
            await server.DisposeAsync();
            throw new InvalidOperationException($"{failure.Message} {server.Process.Words}", failure);
        }
    }

    /// <summary>SIGKILL: nothing of it runs any more when this returns.</summary>
    public async Task KillAsync()
    {
        Process.Send(Signal.Kill);
        await Process.ExitAsync();
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> StopAsync()
    {
        Process.Send(Signal.Term);
        return Process.ExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _probe.Dispose();
        await Process.DisposeAsync();
    }

    /// <summary>Whether a probe answers well at this moment.</summary>
    public async Task<bool> IsAsync(string probe)
    {
        try
        {
            using var answer = await _probe.GetAsync(probe);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or System.Net.Sockets.SocketException or TaskCanceledException)
        {
            return false;
        }
    }
}
