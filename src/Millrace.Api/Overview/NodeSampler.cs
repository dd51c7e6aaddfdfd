using Millrace.Cluster.Lanes;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Millrace.Api.Overview;

/// <summary>Once a second, what this node's metrics say of the second: one reader, however many look on.</summary>
internal sealed class NodeSampler(NodeSamples samples, TimeProvider time) : BaseExporter<Metric>
{
    // The gateway is another's: the edge knows only what its metrics are called.
    private const string PaymentCalls = "millrace.psp.call.duration";
    private const string BreakerOpen = "millrace.psp.breaker.open";
    private const string PaymentsInside = "millrace.psp.calls";
    private long _last = time.GetTimestamp();

    /// <summary>Names of the metrics that are looked at.</summary>
    public static IReadOnlySet<string> Sampled { get; } = new HashSet<string>(StringComparer.Ordinal)
    {
        PaymentCalls, BreakerOpen, PaymentsInside, ApiMetrics.AcceptDuration.Name, ApiMetrics.OrdersPlaced.Name, ApiMetrics.AdmissionInside.Name,
        ApiMetrics.AdmissionWaiting.Name, LaneMetrics.SettleDuration.Name, LaneMetrics.CommitDuration.Name, LaneMetrics.OrdersSettled.Name,
        LaneMetrics.Unfinished.Name, LaneMetrics.OldestAge.Name, LaneMetrics.PartitionsUnserved.Name, LaneMetrics.InputsWaiting.Name,
        LaneMetrics.WaitingOrders.Name, LaneMetrics.WaitingAge.Name, LaneMetrics.InputsAge.Name, ApiMetrics.AdmissionAge.Name,
    };

    public override ExportResult Export(in Batch<Metric> batch)
    {
        var seconds = Math.Max(time.GetElapsedTime(_last).TotalSeconds, 1e-3);
        _last = time.GetTimestamp();
        var all = new Dictionary<string, Metric>(StringComparer.Ordinal);
        foreach (var metric in batch)
            all[metric.Name] = metric;
        var second = new Second(all, seconds);
        var (accept, settle, commit, payments) = (
            second.Of(ApiMetrics.AcceptDuration.Name), second.Of(LaneMetrics.SettleDuration.Name), second.Of(LaneMetrics.CommitDuration.Name), second.Of(PaymentCalls));
        samples.Add(new NodeSample(
            time.GetUtcNow(),
            second.Rate(ApiMetrics.OrdersPlaced.Name, "outcome", "accepted"), second.Rate(ApiMetrics.OrdersPlaced.Name, "outcome", "refused"),
            second.Rate(ApiMetrics.OrdersPlaced.Name, "outcome", "unavailable"),
            second.Rate(LaneMetrics.OrdersSettled.Name, "status", "confirmed"),
            second.Rate(LaneMetrics.OrdersSettled.Name) - second.Rate(LaneMetrics.OrdersSettled.Name, "status", "confirmed"),
            accept.InMilliseconds(), settle.InMilliseconds(), commit.InMilliseconds(), commit.Total / seconds,
            payments.Total / seconds, second.Of(PaymentCalls, "outcome", "unknown").Total / seconds,
            (long)second.Gauge(LaneMetrics.Unfinished.Name), second.Gauge(LaneMetrics.OldestAge.Name),
            (long)second.Gauge(ApiMetrics.AdmissionInside.Name), (long)second.Gauge(ApiMetrics.AdmissionWaiting.Name),
            second.Gauge(BreakerOpen) > 0, (long)second.Gauge(LaneMetrics.PartitionsUnserved.Name),
            (long)second.Gauge(LaneMetrics.InputsWaiting.Name), (long)second.Gauge(PaymentsInside), seconds)
        {
            WaitingSeconds = second.Gauge(ApiMetrics.AdmissionAge.Name),
            LaneWaitingSeconds = second.Gauge(LaneMetrics.InputsAge.Name),
            Stages = [.. LaneMetrics.Stages.Select(stage => new StageSample(
                stage, (long)second.Gauge(LaneMetrics.WaitingOrders.Name, "stage", stage), second.Gauge(LaneMetrics.WaitingAge.Name, "stage", stage)))],
        });
        return ExportResult.Success;
    }

    /// <summary>What came in a second or so.</summary>
    private readonly struct Second(Dictionary<string, Metric> all, double seconds)
    {
        /// <param name="label">With <paramref name="value"/>, the points that count; null for all.</param>
        public double Rate(string metric, string? label = null, string? value = null)
        {
            var sum = 0L;
            if (Find(metric) is { } found)
            {
                foreach (ref readonly var point in found.GetMetricPoints())
                {
                    if (Has(point, label, value))
                        sum += point.GetSumLong();
                }
            }

            return sum / seconds;
        }

        public Distribution Of(string metric, string? label = null, string? value = null)
        {
            var distribution = new Distribution();
            if (Find(metric) is { } found)
            {
                foreach (ref readonly var point in found.GetMetricPoints())
                {
                    if (Has(point, label, value))
                        distribution.Add(point);
                }
            }

            return distribution;
        }

        public double Gauge(string metric, string? label = null, string? value = null)
        {
            var sum = 0d;
            if (Find(metric) is { } found)
            {
                foreach (ref readonly var point in found.GetMetricPoints())
                {
                    if (Has(point, label, value))
                        sum += found.MetricType.IsLong() ? point.GetGaugeLastValueLong() : point.GetGaugeLastValueDouble();
                }
            }

            return sum;
        }

        // One that nobody listens to would be zero for ever.
        private Metric? Find(string metric) =>
            Sampled.Contains(metric) ? all.GetValueOrDefault(metric) : throw new ArgumentException($"{metric} is not among those that are sampled.", nameof(metric));

        private static bool Has(in MetricPoint point, string? label, string? value)
        {
            if (label is null)
                return true;
            foreach (var tag in point.Tags)
            {
                if (tag.Key == label)
                    return Equals(tag.Value, value);
            }

            return false;
        }
    }
}
