using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Telemetry;

namespace Millrace.Cluster.Lanes;

/// <summary>Metrics of the partitions on this node; durations in seconds, no label that grows with orders or tenants.</summary>
public sealed class LaneMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Millrace.Partitions";

    public static readonly Metric OrdersSettled = new(
        "millrace.orders.settled", MetricKind.Counter, "{order}", "Orders that were confirmed or ended, durably.", "status");

    public static readonly Metric SettleDuration = new(
        "millrace.order.settle.duration", MetricKind.Histogram, "s", "From placed to durably confirmed or ended.", "status")
    {
        Boundaries = [0.001, 0.002, 0.003, 0.004, 0.006, 0.008, 0.01, 0.0125, 0.015, 0.0175, 0.02, 0.0225, 0.025, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60],
    };

    public static readonly Metric JournalRecords = new("millrace.journal.records", MetricKind.Counter, "{record}", "Journal records committed.");

    public static readonly Metric JournalBytes = new("millrace.journal.bytes", MetricKind.Counter, "By", "Journal payload committed.");

    public static readonly Metric JournalBatches = new("millrace.journal.batches", MetricKind.Counter, "{batch}", "Partition batches committed.");

    public static readonly Metric CommitDuration = new(
        "millrace.journal.commit.duration", MetricKind.Histogram, "s", "One group commit, durable or failed: `committed`, `unavailable` (nothing was written), or `failed` (what was written is learned by recovering).", "outcome")
    {
        Boundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    };

    public static readonly Metric CheckpointsRefused = new(
        "millrace.checkpoints.refused", MetricKind.Gauge, "{partition}", "Partitions whose checkpoints the database refuses until an operator acts.");

    public static readonly Metric Partitions = new(
        "millrace.partitions", MetricKind.Gauge, "{partition}", "Partitions by where they stand on this node: `stopped` (not owned by it), `recovering`, `serving`, `stalled` (the store refuses to commit) or `halted` (damage or a broken invariant).", "state");

    public static readonly Metric EarlierFormat = new(
        "millrace.partitions.earlier_format", MetricKind.Gauge, "{partition}", "Partitions of this node that write an earlier payload format than the store's. After it was raised they are claimed again by themselves, a few at a time; until then the event feed and webhooks leave out what they decide.");

    public static readonly Metric PartitionsUnserved = new(
        "millrace.partitions.unserved", MetricKind.Gauge, "{partition}", "Partitions that no node serves, as far as this one knows.");

    public static readonly Metric Recoveries = new("millrace.partition.recoveries", MetricKind.Counter, "{recovery}", "Partitions recovered on this node; one each at the start.");

    public static readonly Metric InputsWaiting = new("millrace.lane.waiting", MetricKind.Gauge, "{input}", "Inputs that wait for a lane of this node.");

    public static readonly Metric InputsAge = new(
        "millrace.lane.waiting.age", MetricKind.Gauge, "s", "For how long the oldest of them, of all lanes, has waited; 0 for none. Milliseconds, unless a lane stands still.");

    public static readonly Metric OldestAge = new(
        "millrace.orders.oldest.age", MetricKind.Gauge, "s", "Age of this node's oldest order that should have moved: pending, or with a payment on its way; neither parked nor on hold. As checkpoints show it, a second late; 0 for none. Pending orders count from their placing, or from when they were last let go on, from parking or a hold; others from when their payment was first seen.");

    public static readonly Metric Unfinished = new(
        "millrace.orders.unfinished", MetricKind.Gauge, "{order}", "Orders of this node that should move, as checkpoints show them: in a calm second about none.");

    public static readonly Metric WaitingOrders = new(
        "millrace.orders.waiting", MetricKind.Gauge, "{order}", "Those unfinished orders by what they wait for, known once they have stood still for three seconds: `external_id` or `stock` (another partition), `payment` (the provider, or the next attempt there), or `next` (younger ones, and those that move).", "stage");

    public static readonly Metric WaitingAge = new(
        "millrace.orders.waiting.age", MetricKind.Gauge, "s", "Age of the oldest of them; 0 for none.", "stage");

    // All but pending, the first.
    private static readonly KeyValuePair<string, object?>[] Ends = Labels<OrderStatus>("status")[1..];
    private static readonly KeyValuePair<string, object?> Written = new("outcome", "committed");
    private static readonly KeyValuePair<string, object?> Unavailable = new("outcome", "unavailable");
    private static readonly KeyValuePair<string, object?> Failed = new("outcome", "failed");

    /// <summary>The values of a stage's label.</summary>
    public static IReadOnlyList<string> Stages { get; } = [.. Enum.GetValues<BacklogStage>().Select(NameOf)];

    private readonly Lock _reading = new();
    private readonly Meter _meter;
    private readonly Counts _settled;
    private readonly Histogram<double> _settleDuration;
    private readonly Counts _records;
    private readonly Counts _bytes;
    private readonly Counts _batches;
    private readonly Counter<long> _recoveries;
    private readonly Histogram<double> _commitDuration;
    private (StageBacklog[] Stages, long AtMs)? _stages;

    public LaneMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _settled = new Counts(_meter, OrdersSettled, [.. Ends.Select(label => (string)label.Value!)]);
        _settleDuration = _meter.CreateHistogram(SettleDuration);
        _records = new Counts(_meter, JournalRecords);
        _bytes = new Counts(_meter, JournalBytes);
        _batches = new Counts(_meter, JournalBatches);
        _recoveries = _meter.Create(Recoveries);
        _commitDuration = _meter.CreateHistogram(CommitDuration);
    }

    /// <summary>What is read at each scrape, from any thread.</summary>
    internal void Watch(PartitionRuntime runtime)
    {
        var states = Labels<PartitionState>("state");
        KeyValuePair<string, object?>[] stages = [.. Stages.Select(stage => new KeyValuePair<string, object?>("stage", stage))];
        _meter.Watch(CheckpointsRefused, () => runtime.RefusedCheckpoints.Count);
        _meter.Watch(Partitions, () => CountByState(runtime.States, states));
        _meter.Watch(EarlierFormat, () => runtime.InEarlierFormat.Count());
        _meter.Watch(PartitionsUnserved, () => runtime.UnservedCount);
        _meter.Watch(InputsWaiting, () => runtime.WaitingInputs);
        _meter.Watch(InputsAge, () => runtime.OldestInputAge.TotalSeconds);
        _meter.Watch(OldestAge, () => runtime.Backlog.OldestAge(runtime.NowMs).TotalSeconds);
        _meter.Watch(Unfinished, () => runtime.Backlog.Count);
        _meter.Watch(WaitingOrders, () => StagesOf(runtime).Select((stage, i) => new Measurement<int>(stage.Count, stages[i])));
        _meter.Watch(WaitingAge, () => StagesOf(runtime).Select((stage, i) => new Measurement<double>(stage.OldestAge.TotalSeconds, stages[i])));
    }

    // Read once for both gauges and all who read them within half a second.
    private StageBacklog[] StagesOf(PartitionRuntime runtime)
    {
        lock (_reading)
        {
            var nowMs = runtime.NowMs;
            if (_stages is not { } read || nowMs - read.AtMs is < 0 or > 500)
                _stages = read = (runtime.Backlog.Stages(nowMs), nowMs);
            return read.Stages;
        }
    }

    private static string NameOf(BacklogStage stage) => stage switch
    {
        BacklogStage.Next => "next",
        BacklogStage.ExternalId => "external_id",
        BacklogStage.Stock => "stock",
        BacklogStage.Payment => "payment",
        _ => throw new UnreachableException(),
    };

    internal void Settled(Order order, long nowMs)
    {
        var end = order.Status - OrderStatus.Confirmed;
        _settled.Add(1, end);
        _settleDuration.Record(Math.Max(0, nowMs - order.PlacedAtUnixMs) / 1000.0, Ends[end]);
    }

    internal void Committed(PartitionBatch batch)
    {
        _batches.Add(1);
        _records.Add(batch.LastSeq - batch.FirstSeq + 1);
        _bytes.Add(batch.Payload.Length);
    }

    internal void Recovered() => _recoveries.Add(1);

    /// <param name="began">By <see cref="Stopwatch"/>.</param>
    /// <param name="failure">Null when it is durable.</param>
    internal void CommitEnded(long began, Exception? failure) => _commitDuration.Record(
        Stopwatch.GetElapsedTime(began).TotalSeconds, failure switch { null => Written, StoreUnavailableException => Unavailable, _ => Failed });

    private static IEnumerable<Measurement<int>> CountByState(IReadOnlyList<PartitionState> states, KeyValuePair<string, object?>[] labels)
    {
        var counts = new int[labels.Length];
        foreach (var state in states)
            counts[(int)state]++;
        return counts.Select((count, state) => new Measurement<int>(count, labels[state]));
    }

    private static KeyValuePair<string, object?>[] Labels<T>(string name)
        where T : struct, Enum => [.. Enum.GetNames<T>().Select(value => new KeyValuePair<string, object?>(name, value.ToLowerInvariant()))];
}
