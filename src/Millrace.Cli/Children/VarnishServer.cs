using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Children;

/// <summary>A real Varnish with the configuration that ships (deploy/varnish), on ports of its own, in front of one server; it keeps everything in memory.</summary>
internal sealed class VarnishServer : IAsyncDisposable
{
    private const string Program = "/usr/sbin/varnishd";
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("millrace-varnish-").FullName;
    private readonly string _public = OwnAddress();
    private readonly string _purge = OwnAddress();
    private Child? _process;

    public Uri Url => new($"http://{_public}");

    public Uri PurgeUrl => new($"http://{_purge}/purge");

    /// <summary>What it printed.</summary>
    public string Output => _process?.Output ?? "";

    /// <returns>What to install; null when all is there. (Its module xkey it asks for itself.)</returns>
    public static string? Missing() => File.Exists(Program) ? null : "Varnish is not installed; on Debian: apt-get install varnish varnish-modules";

    /// <param name="originPort">Of the server on this machine that it asks.</param>
    /// <param name="whileRevalidating">In place of the 30 s for which it shows the old while it asks for the new; null for those.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <param name="trackingPatience">In place of the 5 s for which it waits for what it may show stale; null for those.</param>
    public async Task StartAsync(int originPort, TimeSpan? whileRevalidating, CancellationToken cancellation, TimeSpan? trackingPatience = null)
    {
        var text = await ReadConfigurationAsync(cancellation);
        text = text.Replace(".port = \"8080\"", string.Create(CultureInfo.InvariantCulture, $".port = \"{originPort}\""), StringComparison.Ordinal);
        if (whileRevalidating is { } grace)
            text = text.Replace("req.grace = 30s", string.Create(CultureInfo.InvariantCulture, $"req.grace = {(int)grace.TotalSeconds}s"), StringComparison.Ordinal);
        if (trackingPatience is { } patience)
            text = text.Replace("_timeout = 5s", string.Create(CultureInfo.InvariantCulture, $"_timeout = {(int)patience.TotalMilliseconds}ms"), StringComparison.Ordinal);
        var file = Path.Combine(_folder, "millrace.vcl");
        await File.WriteAllTextAsync(file, text, cancellation);
        _process = Child.Start(new ProcessStartInfo(Program,
            ["-F", "-j", "none", "-a", $"public={_public}", "-a", $"purge={_purge}", "-f", file, "-n", Path.Combine(_folder, "work"), "-s", "malloc,64m"]), atDeath: "TERM");
        using var client = new HttpClient { BaseAddress = Url };
        var startedAt = TimeProvider.System.GetTimestamp();
        while (!await AnswersAsync(client, cancellation))
        {
            if (_process.HasExited || TimeProvider.System.GetElapsedTime(startedAt) > StartPatience)
                throw new InvalidOperationException($"Varnish does not answer; it said: {Output}");
            await Task.Delay(20, cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Asked, and not killed: its worker is a process of its own.
        if (_process is not null)
        {
            await _process.StopAsync(StartPatience, CancellationToken.None);
            await _process.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static string OwnAddress() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Find()}");

    private static async Task<string> ReadConfigurationAsync(CancellationToken cancellation)
    {
        await using var resource = typeof(VarnishServer).Assembly.GetManifestResourceStream("Millrace.Cli.millrace.vcl")!;
        using var reader = new StreamReader(resource);
        return await reader.ReadToEndAsync(cancellation);
    }

    private static async Task<bool> AnswersAsync(HttpClient client, CancellationToken cancellation)
    {
        try
        {
            // Its own answer, whether or not there is a server behind it.
            using var answer = await client.GetAsync(new Uri("/purge", UriKind.Relative), cancellation);
            return answer.StatusCode == System.Net.HttpStatusCode.Forbidden;
        }
        catch (Exception away) when (away is HttpRequestException or SocketException)
        {
            return false;
        }
    }
}
