using System.Text.Json;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Bench.Metrics;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Bench;

/// <summary>The real server as a child process, with its data folder and, if asked for, a PSP simulator beside it.</summary>
internal sealed class BenchServer : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    // As an operator of a dedicated machine would: memory for its pages, and no checkpoint every few seconds.
    private static readonly Dictionary<string, string> PostgresSettings = new(StringComparer.Ordinal)
    {
        ["shared_buffers"] = "1GB",
        ["max_wal_size"] = "8GB",
        ["checkpoint_timeout"] = "10min",
        ["wal_buffers"] = "64MB",
    };

    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);
    private readonly HttpClient _management = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly Uri _managementUrl = FreeUrl();
    private readonly string? _temporary;
    private Child? _server;
    private PostgresServer? _postgres;
    private string? _database;
    private Child? _psp;
    private Uri? _pspUrl;
    private string[] _arguments = [];

    private BenchServer(string? data)
    {
        _temporary = data is null ? Directory.CreateTempSubdirectory("millrace-bench-").FullName : null;
        DataDirectory = data ?? Path.Combine(_temporary!, "store");
    }

    public Uri Url { get; } = FreeUrl();

    public string DataDirectory { get; }

    /// <summary>Its arguments, as a person would type them.</summary>
    public string CommandLine { get; private set; } = "";

    public string ApiKey { get; private set; } = "";

    // Both refuse to run with less unless told to, and are not told to here.
    public string Durability => _postgres is null
        ? "SQLite WAL, synchronous=FULL"
        : "PostgreSQL, fsync, full_page_writes and synchronous_commit on, no standby; " + string.Join(", ", PostgresSettings.Select(s => $"{s.Key} = {s.Value}"));

    /// <summary>Of the server, of the database with all its sessions, and of the PSP simulator.</summary>
    public TimeSpan CpuTime => _server!.CpuTime + (_postgres?.CpuTime ?? TimeSpan.Zero) + (_psp?.CpuTime ?? TimeSpan.Zero);

    public long ResidentBytes => _server!.ResidentBytes;

    public static async Task<BenchServer> StartAsync(PlaceSettings settings, CancellationToken cancellation)
    {
        var bench = new BenchServer(settings.DataDirectory);
        try
        {
            await bench.StartPartsAsync(settings, cancellation);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    public async Task<ServerMetrics> ReadMetricsAsync(CancellationToken cancellation) =>
        ServerMetrics.Parse(await _management.GetStringAsync(new Uri(_managementUrl, "/metrics"), cancellation));

    public long DiskBytes() => _postgres?.DiskBytes() ??
        new DirectoryInfo(DataDirectory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    public async Task StopAsync(CancellationToken cancellation)
    {
        var code = await _server!.StopAsync(StopPatience, cancellation);
        if (code != 0)
            throw new InvalidOperationException($"The server ended with {code}: {_server.Output}");
    }

    /// <summary>SIGKILL, then a start over what is left.</summary>
    /// <returns>From the start of the process until all its partitions serve.</returns>
    public async Task<TimeSpan> CrashAsync(CancellationToken cancellation)
    {
        await _server!.DisposeAsync();
        var startedAt = TimeProvider.System.GetTimestamp();
        await StartServerAsync(cancellation);
        return TimeProvider.System.GetElapsedTime(startedAt);
    }

    /// <summary>Runs the checkers over the folder that the server left behind, and over the PSP's record if there is one.</summary>
    public async Task<int> CountViolationsAsync(CancellationToken cancellation)
    {
        string[] psp = _pspUrl is null ? [] : ["--psp", _pspUrl.ToString()];
        await using var verify = Child.StartSelf(["verify", .. _database is null ? new[] { "--data", DataDirectory } : ["--postgres", _database], "--json", "-", .. psp]);
        await verify.WaitAsync(cancellation);
        return Violations(verify.Output);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        if (_psp is not null)
            await _psp.DisposeAsync();
        if (_postgres is not null)
            await _postgres.DisposeAsync();
        _management.Dispose();
        if (_temporary is not null)
            Directory.Delete(_temporary, recursive: true);
    }

    /// <summary>A number, or one entry for each, in the last line that is a JSON object.</summary>
    internal static int Violations(string output)
    {
        var line = output.Split('\n', StringSplitOptions.TrimEntries).LastOrDefault(text => text.StartsWith('{'))
            ?? throw new InvalidDataException("verify printed no result: " + output);
        using var result = JsonDocument.Parse(line);
        return result.RootElement.Find("violations") switch
        {
            { ValueKind: JsonValueKind.Number } count => count.GetInt32(),
            { ValueKind: JsonValueKind.Array } list => list.GetArrayLength(),
            _ => throw new InvalidDataException("verify's result has no violations: " + line),
        };
    }

    private async Task StartPartsAsync(PlaceSettings settings, CancellationToken cancellation)
    {
        var psp = "instant";
        if (settings.IsHttpPsp)
        {
            _pspUrl = FreeUrl();
            psp = _pspUrl.ToString();
            _psp = Child.StartSelf("psp", "--data", DataDirectory + "-psp", "--urls", psp);
            await UntilReadyAsync(_psp, [new Uri(_pspUrl, "/livez")], cancellation);
        }

        List<string> arguments =
        [
            "serve", "--data", DataDirectory, "--urls", Url.ToString(), "--management-urls", _managementUrl.ToString(), "--psp", psp, "--bench-noop",
        ];
        if (settings.Storage == "postgres")
        {
            _postgres = await PostgresServer.StartAsync(PostgresSettings, cancellation);
            _database = await _postgres.CreateDatabaseAsync("bench", cancellation);
            arguments.AddRange(["--postgres", _database]);
        }

        if (settings.Partitions is { } partitions)
            arguments.AddRange(["--partitions", partitions.ToString()]);
        // Before the server starts, which so knows the key from its first request on.
        ApiKey = await KeyAdministration.MakeAsync(DataDirectory, _database, "bench", $"bench-{Environment.ProcessId}", Scopes.Admin, cancellation, settings.Partitions);
        CommandLine = "millrace " + string.Join(' ', arguments);
        _arguments = [.. arguments];
        await StartServerAsync(cancellation);
    }

    private Task StartServerAsync(CancellationToken cancellation)
    {
        _server = Child.StartSelf(_arguments);
        return UntilReadyAsync(_server, [new Uri(_managementUrl, "/readyz"), new Uri(Url, "/readyz")], cancellation);
    }

    private async Task UntilReadyAsync(Child child, Uri[] probes, CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (TimeProvider.System.GetElapsedTime(startedAt) < StartPatience && !child.HasExited)
        {
            foreach (var probe in probes)
            {
                if (await IsReadyAsync(probe, cancellation))
                    return;
            }

            await Task.Delay(50, cancellation);
        }

        throw new InvalidOperationException($"A child did not become ready; it said: {child.Output}");
    }

    private async Task<bool> IsReadyAsync(Uri probe, CancellationToken cancellation)
    {
        try
        {
            using var response = await _management.GetAsync(probe, cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private static Uri FreeUrl() => new($"http://127.0.0.1:{FreePort.Find()}");
}
