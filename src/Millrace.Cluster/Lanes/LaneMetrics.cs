using System.Diagnostics.Metrics;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;

namespace Millrace.Cluster.Lanes;

/// <summary>Metrics of the partitions on this node; durations in seconds, no label that grows with orders or tenants.</summary>
public sealed class LaneMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Millrace.Partitions";

    private readonly Meter _meter;
    private readonly Counter<long> _settled;
    private readonly Histogram<double> _settleDuration;
    private readonly Counter<long> _records;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _batches;
    private readonly KeyValuePair<string, object?>[] _statuses;

    public LaneMetrics(IMeterFactory meters)
    {
        var meter = _meter = meters.Create(MeterName);
        _settled = meter.CreateCounter<long>("millrace.orders.settled", "{order}", "Orders that were confirmed or ended, durably.");
        _settleDuration = meter.CreateHistogram<double>("millrace.order.settle.duration", "s", "From placed to durably confirmed or ended.",
            advice: new InstrumentAdvice<double>
            {
                HistogramBucketBoundaries =
                    [0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.0225, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60],
            });
        _records = meter.CreateCounter<long>("millrace.journal.records", "{record}", "Journal records committed.");
        _bytes = meter.CreateCounter<long>("millrace.journal.bytes", "By", "Journal payload committed.");
        _batches = meter.CreateCounter<long>("millrace.journal.batches", "{batch}", "Partition batches committed.");
        _statuses = [.. Enum.GetValues<OrderStatus>().Select(s => new KeyValuePair<string, object?>("status", s.ToString().ToLowerInvariant()))];
    }

    /// <param name="count">Asked from any thread.</param>
    internal void WatchRefused(Func<int> count) => _meter.CreateObservableGauge(
        "millrace.checkpoints.refused", count, "{partition}", "Partitions whose checkpoints the database refuses until an operator acts.");

    internal void Settled(Order order, long nowMs)
    {
        var status = _statuses[(int)order.Status - 1];
        _settled.Add(1, status);
        _settleDuration.Record(Math.Max(0, nowMs - order.PlacedAtUnixMs) / 1000.0, status);
    }

    internal void Committed(PartitionBatch batch)
    {
        _batches.Add(1);
        _records.Add(batch.LastSeq - batch.FirstSeq + 1);
        _bytes.Add(batch.Payload.Length);
    }
}
