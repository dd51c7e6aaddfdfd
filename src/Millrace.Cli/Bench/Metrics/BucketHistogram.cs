using System.Globalization;

namespace Millrace.Cli.Bench.Metrics;

/// <summary>A histogram as counts of observations at or below each bound.</summary>
internal sealed class BucketHistogram
{
    private readonly SortedDictionary<double, double> _cumulative;

    private BucketHistogram(SortedDictionary<double, double> cumulative) => _cumulative = cumulative;

    public double Count => _cumulative.Count == 0 ? 0 : _cumulative.Last().Value;

    /// <summary>The series of one name, whatever their other labels, added up.</summary>
    public static BucketHistogram Of(IEnumerable<MetricSample> samples, string name)
    {
        var cumulative = new SortedDictionary<double, double>();
        foreach (var sample in samples)
        {
            if (sample.Name != name + "_bucket" || !sample.Labels.TryGetValue("le", out var le))
                continue;
            var bound = le == "+Inf" ? double.PositiveInfinity : double.Parse(le, CultureInfo.InvariantCulture);
            cumulative[bound] = cumulative.GetValueOrDefault(bound) + sample.Value;
        }

        return new BucketHistogram(cumulative);
    }

    /// <summary>What was observed since an earlier state of the same histogram.</summary>
    public BucketHistogram Since(BucketHistogram earlier)
    {
        var difference = new SortedDictionary<double, double>();
        foreach (var (bound, count) in _cumulative)
            difference[bound] = count - earlier._cumulative.GetValueOrDefault(bound);
        return new BucketHistogram(difference);
    }

    /// <summary>
    /// The value below which this share of the observations lies, interpolated linearly within its bucket, as Prometheus
    /// does; the highest finite bound when it lies above it, null when nothing was observed.
    /// </summary>
    public double? Quantile(double share)
    {
        if (Count <= 0)
            return null;
        var rank = share * Count;
        var (below, lower) = (0.0, 0.0);
        foreach (var (bound, count) in _cumulative)
        {
            if (count >= rank)
                return double.IsPositiveInfinity(bound) ? lower : count > below ? lower + ((bound - lower) * ((rank - below) / (count - below))) : bound;
            (below, lower) = (count, bound);
        }

        return lower;
    }
}
