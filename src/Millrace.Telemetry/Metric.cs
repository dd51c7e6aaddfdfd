using System.Diagnostics.Metrics;

namespace Millrace.Telemetry;

public enum MetricKind
{
    /// <summary>Only grows.</summary>
    Counter,

    /// <summary>A state of the moment.</summary>
    Gauge,

    /// <summary>How often which durations.</summary>
    Histogram,
}

/// <summary>
/// What a metric is called, what it is measured in, what it means, and by what it is divided. Each stands beside the instrument that it is of, as
/// a static field: <c>docs/operating/metrics.md</c> is made of all of them, and a test compares it with what a server exposes.
/// </summary>
/// <param name="Name">By the semantic conventions of OpenTelemetry: words and dots.</param>
/// <param name="Kind">What may be asked of it.</param>
/// <param name="Unit">UCUM: <c>s</c>, <c>By</c>, or what is counted, in braces.</param>
/// <param name="Meaning">A sentence for operators.</param>
/// <param name="Labels">Of few values each, never of orders, customers or tenants.</param>
public sealed record Metric(string Name, MetricKind Kind, string Unit, string Meaning, params string[] Labels)
{
    /// <summary>Upper bounds of a histogram's buckets; null for the exporter's own.</summary>
    public double[]? Boundaries { get; init; }

    /// <summary>As <c>/metrics</c> shows it; of a histogram the family's name.</summary>
    public string ExposedName
    {
        get
        {
            var name = Name.Replace('.', '_');
            var unit = Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
            if (!name.EndsWith(unit, StringComparison.Ordinal))
                name += unit;
            return Kind == MetricKind.Counter ? name + "_total" : name;
        }
    }
}

/// <summary>Instruments from their descriptions.</summary>
public static class MetricInstruments
{
    public static Counter<long> Create(this Meter meter, Metric metric) => meter.CreateCounter<long>(metric.Name, metric.Unit, metric.Meaning);

    public static Histogram<double> CreateHistogram(this Meter meter, Metric metric) => meter.CreateHistogram(
        metric.Name, metric.Unit, metric.Meaning, advice: metric.Boundaries is { } boundaries ? new InstrumentAdvice<double> { HistogramBucketBoundaries = boundaries } : null);

    /// <param name="read">Asked at each scrape, from any thread.</param>
    public static void Watch<T>(this Meter meter, Metric metric, Func<T> read)
        where T : struct
    {
        if (metric.Kind == MetricKind.Counter)
            meter.CreateObservableCounter(metric.Name, read, metric.Unit, metric.Meaning);
        else
            meter.CreateObservableGauge(metric.Name, read, metric.Unit, metric.Meaning);
    }

    /// <param name="read">Asked at each scrape, from any thread; one for each label's value.</param>
    public static void Watch<T>(this Meter meter, Metric metric, Func<IEnumerable<Measurement<T>>> read)
        where T : struct
    {
        if (metric.Kind == MetricKind.Counter)
            meter.CreateObservableCounter(metric.Name, read, metric.Unit, metric.Meaning);
        else
            meter.CreateObservableGauge(metric.Name, read, metric.Unit, metric.Meaning);
    }
}
