using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Millrace.Cli.Serve;
using Millrace.Cluster.Orleans;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Millrace.Webhooks;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class NodeMetricsTests
{
    private static readonly NodeOptions Safe = new() { DataDirectory = "/", Psp = new Uri("https://psp.example") };

    public static TheoryData<string, NodeOptions> Unsafe => new()
    {
        { "simulated_payments", Safe with { Psp = null } },
        { "psp_without_tls", Safe with { Psp = new Uri("http://psp.example") } },
        { "api_without_tls", Safe with { Url = "http://0.0.0.0:8080" } },
        { "api_without_tls", Safe with { Url = "http://127.0.0.1:8080;http://*:8081" } },
        { "metrics_for_all", Safe with { ManagementUrl = "http://10.0.0.5:9464" } },
        { "cluster_without_tls", Safe with { Cluster = new ClusterPlace(new IPEndPoint(IPAddress.Parse("10.0.0.5"), 11111), null, null) } },
        { "unreplicated_store", Safe with { DataDirectory = null, Postgres = "Host=db" } },
        { "webhooks_to_private", Safe with { Webhooks = new WebhookOptions { AllowPrivateAddresses = true } } },
        { "webhooks_without_tls", Safe with { Webhooks = new WebhookOptions { AllowHttp = true } } },
        { "bench_endpoint", Safe with { HasNoopEndpoint = true } },
    };

    [Theory]
    [MemberData(nameof(Unsafe))]
    public void Each_unsafe_setting_is_named(string setting, NodeOptions options) =>
        Assert.Equal([setting], NodeMetrics.UnsafeSettingsOf(options).Where(s => s.IsInUse).Select(s => s.Name));

    [Fact]
    public void What_stays_on_this_machine_or_is_encrypted_is_safe()
    {
        var local = Safe with
        {
            Psp = new Uri("http://127.0.0.1:9000"), Url = "http://localhost:8080;http://[::1]:8080", ManagementUrl = "http://127.0.0.1:9464",
            Cluster = new ClusterPlace(new IPEndPoint(IPAddress.Loopback, 11111), null, null), Postgres = "Host=db", RequireReplica = true,
        };
        Assert.DoesNotContain(NodeMetrics.UnsafeSettingsOf(local), s => s.IsInUse);
    }

    [Fact]
    public void A_certificate_ends_when_it_or_its_authority_does_and_a_disk_says_what_is_left()
    {
        using var folder = new TemporaryFolder();
        using var authority = new Authority(folder["ca"], "test");
        var files = authority.Arguments("a", until: TimeSpan.FromHours(5));
        Assert.True(ClusterTls.TryLoad(files[1], files[3], files[5], out var tls, out var fault), fault);
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        new NodeMetrics(services.GetRequiredService<IMeterFactory>(), time).Watch(
            Safe with { DataDirectory = folder.Path, Cluster = new ClusterPlace(new IPEndPoint(IPAddress.Loopback, 1), null, tls) });
        var measured = new Dictionary<string, double>(StringComparer.Ordinal);
        using var listener = new MeterListener { InstrumentPublished = (instrument, l) => Listen(instrument, l, services) };
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => measured[instrument.Name] = value);
        listener.Start();
        time.Advance(TimeSpan.FromHours(1));
        listener.RecordObservableInstruments();
        Assert.InRange(measured["millrace.certificate.expiry"], 3.9 * 3600, 4.1 * 3600);
        Assert.InRange(measured["millrace.disk.free"], 1, measured["millrace.disk.size"]);
    }

    // Only of this test: other nodes in the process have meters of the same name.
    private static void Listen(Instrument instrument, MeterListener listener, ServiceProvider services)
    {
        if (instrument.Meter.Scope == services.GetRequiredService<IMeterFactory>() && instrument.Meter.Name == "Millrace.Node")
            listener.EnableMeasurementEvents(instrument);
    }
}
