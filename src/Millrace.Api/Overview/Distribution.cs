using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>How often which durations came, over all points of a histogram.</summary>
internal sealed class Distribution
{
    private readonly SortedDictionary<double, long> _counts = [];
    private long _total;

    public long Total => _total;

    public void Add(in MetricPoint point)
    {
        foreach (var bucket in point.GetHistogramBuckets())
            Add(bucket.ExplicitBound, bucket.BucketCount);
    }

    /// <param name="bound">The most that these took, in seconds.</param>
    public void Add(double bound, long count)
    {
        _counts[bound] = _counts.GetValueOrDefault(bound) + count;
        _total += count;
    }

    /// <summary>Null for none.</summary>
    public Percentiles? InMilliseconds() => _total == 0 ? null : new(Quantile(0.5) * 1e3, Quantile(0.95) * 1e3, Quantile(0.99) * 1e3);

    // Linear within a bucket, as Prometheus' histogram_quantile; the last bucket has no end, so its beginning is told.
    private double Quantile(double share)
    {
        var wanted = share * _total;
        var (below, from) = (0L, 0d);
        foreach (var (bound, count) in _counts)
        {
            if (below + count >= wanted && count > 0)
                return double.IsPositiveInfinity(bound) ? from : from + ((bound - from) * (wanted - below) / count);
            (below, from) = (below + count, bound);
        }

        return from;
    }
}
