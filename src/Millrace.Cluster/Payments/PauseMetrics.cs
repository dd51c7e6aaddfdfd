using System.Diagnostics.Metrics;
using Millrace.Telemetry;

namespace Millrace.Cluster.Payments;

/// <summary>Metrics of payment providers that are paused.</summary>
public sealed class PauseMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Millrace.Pauses";

    public static readonly Metric Paused = new("millrace.psp.paused", MetricKind.Gauge, "{provider}", "Payment providers that an operator has paused, as this node last read it.");

    public static readonly Metric Held = new("millrace.psp.calls.held", MetricKind.Gauge, "{call}", "Payments of this node that wait for a paused provider, or for their turn after it was resumed.");

    private int _held;

    public PauseMetrics(IMeterFactory meters, PausedProviders paused)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        meter.Watch(Paused, () => paused.Count);
        meter.Watch(Held, () => Volatile.Read(ref _held));
    }

    internal void Holds() => Interlocked.Increment(ref _held);

    internal void LetsGo() => Interlocked.Decrement(ref _held);
}
