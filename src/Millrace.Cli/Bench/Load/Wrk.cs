using System.Diagnostics;
using Millrace.Cli.Children;

namespace Millrace.Cli.Bench.Load;

/// <summary>Drives the nodes with wrk: closed loop, one thread for each node, as many requests as its connections bear.</summary>
internal sealed class Wrk : IDisposable
{
    private const string Program = "wrk";
    private readonly string _script = Path.Combine(Path.GetTempPath(), $"millrace-place-{Environment.ProcessId}.lua");
    private readonly IReadOnlyList<Uri> _nodes;
    private readonly string _apiKey;
    private readonly int _connections;
    private readonly bool _isHot;
    private int _runs;

    public Wrk(IReadOnlyList<Uri> nodes, string apiKey, int connections, bool isHot)
    {
        (_nodes, _apiKey, _connections, _isHot) = (nodes, apiKey, connections, isHot);
        using var resource = typeof(Wrk).Assembly.GetManifestResourceStream("Millrace.Cli.Bench.Load.place.lua")
            ?? throw new InvalidOperationException("place.lua is not in the assembly.");
        using var file = File.Create(_script);
        resource.CopyTo(file);
    }

    /// <summary>Null when wrk is there; else what to do.</summary>
    public static string? Missing()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        return folders.Any(folder => folder.Length > 0 && File.Exists(Path.Combine(folder, Program)))
            ? null
            : "wrk is needed to make the load and is not installed. On Debian or Ubuntu: apt-get install wrk";
    }

    public async Task<LoadResult> RunAsync(string path, TimeSpan duration, CancellationToken cancellation)
    {
        var run = ++_runs;
        var start = new ProcessStartInfo(Program,
        [
            $"-t{_nodes.Count}", $"-c{_connections}", $"-d{(int)Math.Ceiling(duration.TotalSeconds)}s", "--timeout", "10s", "-s", _script, new Uri(_nodes[0], path).ToString(),
        ]);
        start.Environment["MILLRACE_BENCH_NODES"] = string.Join(',', _nodes.Select(node => node.Authority));
        start.Environment["MILLRACE_BENCH_PATH"] = path;
        start.Environment["MILLRACE_BENCH_KEY"] = _apiKey;
        start.Environment["MILLRACE_BENCH_HOT"] = _isHot ? "1" : "0";
        start.Environment["MILLRACE_BENCH_SEED"] = run.ToString();
        // A data folder may be used for several benches: the same key twice would be a repeat, not an order.
        start.Environment["MILLRACE_BENCH_TAG"] = Guid.NewGuid().ToString("N")[..12];
        await using var child = Child.Start(start);
        var code = await child.WaitAsync(cancellation);
        return code == 0 ? WrkOutput.Parse(child.Output) : throw new InvalidOperationException($"wrk ended with {code}: {child.Output}");
    }

    public void Dispose() => File.Delete(_script);
}
