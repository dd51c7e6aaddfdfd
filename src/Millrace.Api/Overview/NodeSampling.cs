using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>Samples the node's metrics once a second while it runs.</summary>
/// <param name="samples">Receives them.</param>
/// <param name="time">Says when.</param>
/// <param name="meters">What is sampled; a pattern of meters' names.</param>
internal sealed class NodeSampling(NodeSamples samples, TimeProvider time, string meters) : IHostedService, IDisposable
{
    private const int EveryMs = 1_000;

    /// <summary>Null before the start.</summary>
    public MeterProvider? Provider { get; private set; }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        Provider = Build();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private MeterProvider Build() => Sdk.CreateMeterProviderBuilder().AddMeter(meters)
        // Each measurement is one for every reader that wants it, on the thread of whoever measures.
        .AddView(instrument => NodeSampler.Sampled.Contains(instrument.Name) ? null : MetricStreamConfiguration.Drop)
        .AddReader(new PeriodicExportingMetricReader(new NodeSampler(samples, time), EveryMs)
        {
            TemporalityPreference = MetricReaderTemporalityPreference.Delta,
        })
        .Build();

    public void Dispose() => Provider?.Dispose();
}
