using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Bench.Metrics;
using Millrace.Cli.Client;
using Millrace.Cli.Serve;

namespace Millrace.Cli.Bench;

/// <summary>The real server, or several nodes, as child processes, with their store and, if asked for, a PSP simulator beside them.</summary>
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

    private static readonly TimeSpan DrainPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(60);
    private readonly HttpClient _management = new() { Timeout = TimeSpan.FromSeconds(20) };
    private readonly string? _temporary;
    private readonly List<BenchNode> _nodes = [];
    private PostgresServer? _postgres;
    private string? _database;
    private Child? _psp;
    private Uri? _pspUrl;

    private BenchServer(string? data)
    {
        _temporary = data is null ? Directory.CreateTempSubdirectory("millrace-bench-").FullName : null;
        DataDirectory = data ?? Path.Combine(_temporary!, "store");
    }

    /// <summary>Of the first node.</summary>
    public Uri Url => _nodes[0].Url;

    /// <summary>Of all nodes.</summary>
    public IReadOnlyList<Uri> Urls => [.. _nodes.Select(node => node.Url)];

    public string DataDirectory { get; }

    /// <summary>The first node's, as a person would type them.</summary>
    public string CommandLine => "millrace " + string.Join(' ', _nodes[0].Arguments);

    public string ApiKey => TenantKeys[0];

    /// <summary>One of each tenant.</summary>
    public List<string> TenantKeys { get; } = [];

    // Both refuse to run with less unless told to, and are not told to here.
    public string Durability => _postgres is null
        ? "SQLite WAL, synchronous=FULL"
        : "PostgreSQL, fsync, full_page_writes and synchronous_commit on, no standby; " + string.Join(", ", PostgresSettings.Select(s => $"{s.Key} = {s.Value}"));

    /// <summary>Of all nodes, of the database with all its sessions, and of the PSP simulator.</summary>
    public TimeSpan CpuTime => TimeSpan.FromTicks(_nodes.Sum(node => node.Process!.CpuTime.Ticks)) + (_postgres?.CpuTime ?? TimeSpan.Zero) + (_psp?.CpuTime ?? TimeSpan.Zero);

    public long ResidentBytes => _nodes.Sum(node => node.Process!.ResidentBytes);

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

    /// <summary>Of all nodes together.</summary>
    public async Task<ServerMetrics> ReadMetricsAsync(CancellationToken cancellation) => ServerMetrics.Parse(await ReadExpositionAsync(cancellation));

    /// <summary>A counter of all nodes and all its labels but one.</summary>
    public async Task<double> CountAsync(string name, string label, string value, CancellationToken cancellation) => PrometheusText.Parse(await ReadExpositionAsync(cancellation))
        .Where(sample => sample.Name == name && sample.Labels.GetValueOrDefault(label) == value).Sum(sample => sample.Value);

    /// <summary>Until no order is on its way: what one phase leaves behind is no work of the next.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while ((await ReadMetricsAsync(cancellation)).Backlog > 0)
        {
            if (TimeProvider.System.GetElapsedTime(startedAt) > DrainPatience)
                throw new InvalidOperationException($"The server did not finish its orders in {DrainPatience.TotalSeconds:F0} s without load.");
            await Task.Delay(500, cancellation);
        }
    }

    public long DiskBytes() => _postgres?.DiskBytes() ??
        new DirectoryInfo(DataDirectory).EnumerateFiles("*", SearchOption.AllDirectories).Sum(file => file.Length);

    public async Task StopAsync(CancellationToken cancellation)
    {
        foreach (var node in _nodes)
        {
            var code = await node.Process!.StopAsync(StopPatience, cancellation);
            if (code != 0)
                throw new InvalidOperationException($"The server ended with {code}: {node.Process.Output}");
        }
    }

    /// <summary>Limits the last tenant to so many requests a second.</summary>
    public async Task LimitLastTenantAsync(int perSecond, CancellationToken cancellation)
    {
        using var client = new MillraceClient(Url, ApiKey);
        var rate = $$"""{"per_second":{{perSecond}},"burst":{{perSecond}}}""";
        await client.PutAsync($"/v1/tenants/{TenantName(TenantKeys.Count - 1)}/limits", Encoding.UTF8.GetBytes($$"""{"tenant":{{rate}},"key":{{rate}}}"""), cancellation);
    }

    /// <summary>SIGKILL for the first node, then a start over what is left.</summary>
    /// <returns>From the start of the process until all its partitions serve.</returns>
    public async Task<TimeSpan> CrashAsync(CancellationToken cancellation)
    {
        await _nodes[0].Process!.DisposeAsync();
        var startedAt = TimeProvider.System.GetTimestamp();
        await StartAsync(_nodes[0], cancellation);
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
        foreach (var node in _nodes)
        {
            if (node.Process is not null)
                await node.Process.DisposeAsync();
        }

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

    private async Task<string> ReadExpositionAsync(CancellationToken cancellation) => string.Join('\n', await Task.WhenAll(
        _nodes.Select(node => _management.GetStringAsync(new Uri(node.ManagementUrl, "/metrics"), cancellation))));

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

        List<string> shared = ["serve", "--data", DataDirectory, "--psp", psp, "--bench-noop"];
        if (settings.Storage == "postgres")
        {
            _postgres = await PostgresServer.StartAsync(PostgresSettings, cancellation);
            _database = await _postgres.CreateDatabaseAsync("bench", cancellation);
            shared.AddRange(["--postgres", _database]);
        }

        shared.AddRange(settings.More ?? []);
        if (settings.Partitions is { } partitions)
            shared.AddRange(["--partitions", partitions.ToString()]);
        // Before the server starts, which so knows the key from its first request on.
        for (var i = 0; i < settings.Tenants; i++)
        {
            TenantKeys.Add(await KeyAdministration.MakeAsync(
                DataDirectory, _database, TenantName(i), $"bench-{Environment.ProcessId}", Scopes.Admin | Scopes.SystemOperate, cancellation, settings.Partitions));
        }

        for (var i = 0; i < settings.Nodes; i++)
        {
            var (url, management) = (FreeUrl(), FreeUrl());
            string[] own = ["--urls", url.ToString(), "--management-urls", management.ToString()];
            string[] cluster = settings.Nodes == 1 ? [] : ["--node-name", $"node-{i}", "--cluster", $"127.0.0.1:{FreePort.Find()}"];
            _nodes.Add(new BenchNode(url, management, [.. shared, .. own, .. cluster]));
            await StartAsync(_nodes[i], cancellation);
        }

        await UntilSharedAsync(cancellation);
    }

    /// <summary>Until each node has as many partitions as it will have: it is given them a few at a time.</summary>
    private async Task UntilSharedAsync(CancellationToken cancellation)
    {
        var startedAt = TimeProvider.System.GetTimestamp();
        while (_nodes.Count > 1 && !await AreSharedAsync(cancellation))
        {
            if (TimeProvider.System.GetElapsedTime(startedAt) > StartPatience)
                throw new InvalidOperationException("The nodes did not share the partitions.");
            await Task.Delay(500, cancellation);
        }
    }

    /// <summary>Whether the only node measures anything from now on.</summary>
    public Task MeasureAsync(bool isOn, CancellationToken cancellation) => MeasuringAsync(HttpMethod.Post, isOn ? "/on" : "/off", cancellation);

    /// <summary>What the only node says that it has done and used until now.</summary>
    public async Task<ServerUse> ReadUseAsync(CancellationToken cancellation)
    {
        var read = await MeasuringAsync(HttpMethod.Get, "", cancellation);
        long Of(string name) => read[name]!.GetValue<long>();
        return new ServerUse(Of("orders"), Of("cpu_us"), Of("gc_pause_us"), Of("allocated"));
    }

    private async Task<JsonNode> MeasuringAsync(HttpMethod method, string what, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(method, new Uri(Url, "/v1/_noop/measuring" + what));
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", ApiKey);
        using var answer = await _management.SendAsync(request, cancellation);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync(cancellation))!;
    }

    private async Task<bool> AreSharedAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Url, "/v1/cluster/nodes"));
        request.Headers.Authorization = new System.Net.Http.Headers.AuthenticationHeaderValue("Bearer", ApiKey);
        using var answer = await _management.SendAsync(request, cancellation);
        using var nodes = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(cancellation));
        var owned = nodes.RootElement.GetProperty("data").EnumerateArray().Select(node => node.GetProperty("partitions").GetInt32()).ToList();
        return owned.Count == _nodes.Count && owned.Min() * 2 > owned.Max();
    }

    private Task StartAsync(BenchNode node, CancellationToken cancellation)
    {
        node.Process = Child.Start(Self.Start([.. node.Arguments]));
        return UntilReadyAsync(node.Process, [new Uri(node.ManagementUrl, "/readyz"), new Uri(node.Url, "/readyz")], cancellation);
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
        catch (Exception away) when (away is HttpRequestException or System.Net.Sockets.SocketException)
        {
            // It does not listen yet.
            return false;
        }
    }

    private static string TenantName(int number) => number == 0 ? "bench" : $"bench-{number}";

    private static Uri FreeUrl() => new($"http://127.0.0.1:{FreePort.Find()}");
}

/// <summary>One node of the bench, and its process while it runs.</summary>
internal sealed record BenchNode(Uri Url, Uri ManagementUrl, IReadOnlyList<string> Arguments)
{
    public Child? Process { get; set; }
}
