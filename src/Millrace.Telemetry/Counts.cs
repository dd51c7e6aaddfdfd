using System.Diagnostics.Metrics;

namespace Millrace.Telemetry;

/// <summary>
/// A counter of what happens with every order: one more is an addition, however many listen, and they read the sums when they ask. A
/// <see cref="Counter{T}"/> finds the sum of its labels anew for each listener with each addition. Thread-safe.
/// </summary>
public sealed class Counts
{
    private readonly long[] _sums;

    /// <param name="values">Of the metric's one label; none for a metric without.</param>
    public Counts(Meter meter, Metric metric, params ReadOnlySpan<string> values)
    {
        if (metric.Labels.Length > 1 || metric.Labels.Length == 1 == values.IsEmpty)
            throw new ArgumentException($"{metric.Name} has {metric.Labels.Length} labels.", nameof(values));
        _sums = new long[Math.Max(1, values.Length)];
        if (values.IsEmpty)
        {
            meter.Watch(metric, () => Of(0));
            return;
        }

        var labels = new KeyValuePair<string, object?>[values.Length];
        for (var i = 0; i < values.Length; i++)
            labels[i] = new(metric.Labels[0], values[i]);
        meter.Watch(metric, () => labels.Select((label, i) => new Measurement<long>(Of(i), label)));
    }

    /// <param name="value">Which of the label's values.</param>
    public void Add(long count, int value = 0) => Interlocked.Add(ref _sums[value], count);

    /// <summary>The sum until now.</summary>
    public long Of(int value) => Interlocked.Read(ref _sums[value]);
}
