using System.Diagnostics.Metrics;
using System.Net;
using Millrace.Telemetry;

namespace Millrace.Cli.Serve;

/// <summary>What an operator must know of how a node was started and what it stands on.</summary>
internal sealed class NodeMetrics(IMeterFactory meters, TimeProvider time)
{
    private const string MeterName = "Millrace.Node";

    public static readonly Metric DiskFree = new(
        "millrace.disk.free", MetricKind.Gauge, "By", "Bytes that can still be written where a folder is: `data`, or `backups`. Not with PostgreSQL, whose machine knows.", "folder");

    public static readonly Metric DiskSize = new("millrace.disk.size", MetricKind.Gauge, "By", "Size of the file system that a folder is on.", "folder");

    public static readonly Metric UnsafeSettings = new(
        "millrace.settings.unsafe", MetricKind.Gauge, "{setting}", "1 for each setting that is not for production and in use, 0 for one that is not; docs/operating/runbooks/unsafe-setting.md tells what each means.", "setting");

    public static readonly Metric CertificateExpiry = new(
        "millrace.certificate.expiry", MetricKind.Gauge, "s", "Until a certificate of this node ends: `api`, that it shows to callers, or `cluster`, its own for other nodes or their authority's, whichever is first; absent without certificates.", "of");

    private readonly Meter _meter = meters.Create(MeterName);

    public void Watch(NodeOptions options)
    {
        var unsafeSettings = UnsafeSettingsOf(options).Select(s => new Measurement<int>(s.IsInUse ? 1 : 0, new KeyValuePair<string, object?>("setting", s.Name))).ToArray();
        _meter.Watch(UnsafeSettings, () => unsafeSettings);
        if (options.Postgres is null)
        {
            (string Name, string Path)[] folders = [("data", options.DataDirectory!), .. options.Backups is { } backups ? [("backups", backups)] : Array.Empty<(string, string)>()];
            _meter.Watch(DiskFree, () => Measure(folders, disk => disk.AvailableFreeSpace));
            _meter.Watch(DiskSize, () => Measure(folders, disk => disk.TotalSize));
        }

        if (options.Tls is not null || options.Cluster?.Tls is not null)
            _meter.Watch(CertificateExpiry, () => Ends(options));
    }

    internal static IEnumerable<(string Name, bool IsInUse)> UnsafeSettingsOf(NodeOptions options) =>
    [
        ("simulated_payments", options.Psp is null),
        ("psp_without_tls", options.Psp is { Scheme: "http", IsLoopback: false }),
        ("api_without_tls", IsOpen(options.Url)),
        ("metrics_for_all", options.ManagementUrl is { } management && IsOpen(management)),
        ("cluster_without_tls", options.Cluster is { Tls: null } place && !IPAddress.IsLoopback((place.ListeningEndpoint ?? place.Endpoint).Address)),
        ("webhooks_to_private", options.Webhooks.AllowPrivateAddresses),
        ("webhooks_without_tls", options.Webhooks.AllowHttp),
        ("unreplicated_store", options is { Postgres: not null, RequireReplica: false }),
        ("bench_endpoint", options.HasNoopEndpoint),
    ];

    private static bool IsOpen(string urls) => urls.Split(';').Any(url => ListeningOptions.IsOpen(BindingAddress.Parse(url)));

    private IEnumerable<Measurement<double>> Ends(NodeOptions options)
    {
        if (options.Tls is { Certificate: var certificate })
            yield return new Measurement<double>((certificate.ExpiresAt - time.GetUtcNow()).TotalSeconds, new KeyValuePair<string, object?>("of", "api"));
        if (options.Cluster?.Tls is { NotAfter: var end })
            yield return new Measurement<double>((end - time.GetUtcNow()).TotalSeconds, new KeyValuePair<string, object?>("of", "cluster"));
    }

    private static IEnumerable<Measurement<long>> Measure((string Name, string Path)[] folders, Func<DriveInfo, long> read)
    {
        foreach (var (name, path) in folders)
            yield return new Measurement<long>(read(new DriveInfo(Path.GetFullPath(path))), new KeyValuePair<string, object?>("folder", name));
    }
}
