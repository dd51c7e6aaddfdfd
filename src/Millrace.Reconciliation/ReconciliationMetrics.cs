using System.Diagnostics.Metrics;
using Millrace.Reconciliation.Breaks;
using Millrace.Telemetry;

namespace Millrace.Reconciliation;

/// <summary>How the comparison with the provider's record goes. Gauges are shown by the node that compares, which is one at a time.</summary>
public sealed class ReconciliationMetrics
{
    public const string MeterName = "Millrace.Reconciliation";

    public static readonly Metric Operations = new(
        "millrace.reconciliation.operations", MetricKind.Counter, "{operation}",
        "Money operations that were compared: `matched` as both sides told of them, or `looked_up` because one did not in time, or not the same.", "result");

    public static readonly Metric OpenBreaks = new(
        "millrace.reconciliation.breaks", MetricKind.Gauge, "{break}", $"Differences with the provider's record that are open, by what differs: {string.Join(", ", BreakKinds.All.Select(kind => $"`{kind}`"))}.", "kind");

    public static readonly Metric AtRisk = new(
        "millrace.reconciliation.at_risk", MetricKind.Gauge, "{minor_unit}", "Money about which the open breaks differ, in minor units of its currency.", "currency");

    public static readonly Metric Lag = new(
        "millrace.reconciliation.lag", MetricKind.Gauge, "s", "Since both the feed and the provider's record were last read to their ends, or since the oldest operation was told that still waits for its other side, whichever is longer; about a minute of waiting is usual.");

    public static readonly Metric Unsettled = new(
        "millrace.reconciliation.unsettled", MetricKind.Gauge, "{operation}", "Operations that one side has told of and the other has not yet.");

    private readonly Counter<long> _operations;
    private Func<ReconciliationSight>? _sight;

    public ReconciliationMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _operations = meter.Create(Operations);
        meter.Watch(Lag, () => Here(sight => [new Measurement<double>(sight.Lag.TotalSeconds)]));
        meter.Watch(Unsettled, () => Here(sight => [new Measurement<double>(sight.Unsettled)]));
        meter.Watch(OpenBreaks, () => Here(sight => BreakKinds.All.Select(kind =>
            new Measurement<double>(sight.Open.Count(one => one.Kind == kind), new KeyValuePair<string, object?>("kind", kind)))));
        meter.Watch(AtRisk, () => Here(sight => Breaks.AtRisk.Sum(sight.Open).Select(sum => new Measurement<double>(sum.AmountMinor, new KeyValuePair<string, object?>("currency", sum.Currency)))));
    }

    internal void Matched(long count) => _operations.Add(count, new KeyValuePair<string, object?>("result", "matched"));

    internal void LookedUp(long count) => _operations.Add(count, new KeyValuePair<string, object?>("result", "looked_up"));

    /// <summary>Shows the gauges until it is disposed of, and every counter at zero.</summary>
    internal IDisposable Watch(Func<ReconciliationSight> sight)
    {
        Matched(0);
        LookedUp(0);
        _sight = sight;
        return new Ending(() => _sight = null);
    }

    private IEnumerable<Measurement<double>> Here(Func<ReconciliationSight, IEnumerable<Measurement<double>>> read) => _sight is { } sight ? read(sight()) : [];

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}

/// <summary>What is seen of it from outside, at any moment.</summary>
/// <param name="Time">The clock.</param>
/// <param name="SettledAt">Until when all is compared.</param>
/// <param name="Unsettled">Operations that one side has told of and the other has not yet.</param>
/// <param name="Open">Breaks.</param>
internal sealed record ReconciliationSight(TimeProvider Time, DateTimeOffset SettledAt, int Unsettled, IReadOnlyList<Break> Open)
{
    public TimeSpan Lag => Time.GetUtcNow() - SettledAt;
}
