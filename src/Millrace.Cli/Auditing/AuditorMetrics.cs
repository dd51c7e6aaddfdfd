using System.Diagnostics.Metrics;
using System.Globalization;
using Millrace.Simulation.Checkers;
using Millrace.Telemetry;

namespace Millrace.Cli.Auditing;

/// <summary>What the auditor of this node has looked at and found.</summary>
internal sealed class AuditorMetrics
{
    public const string MeterName = "Millrace.Auditor";

    public static readonly Metric Violations = new(
        "millrace.audit.violations", MetricKind.Counter, "{violation}", "Promises that a stored order or item was found not to keep, each counted once since the node was started; `invariant` is its number in docs/guarantees.md.", "invariant");

    public static readonly Metric Rows = new(
        "millrace.audit.rows", MetricKind.Counter, "{row}", "Rows that the auditor has judged: an `order` or an `item` in a sweep, a `changed_order` soon after its change.", "kind");

    public static readonly Metric SweepAge = new(
        "millrace.audit.sweep.age", MetricKind.Gauge, "s", "Since the auditor's last whole sweep ended, or since the node was started while there was none; absent while the auditor is off or the node has no partition.");

    public static readonly Metric TurnsSkipped = new(
        "millrace.audit.turns.skipped", MetricKind.Counter, "{turn}", "Turns that the auditor has left out: `busy` (requests were refused), `store` (it was slow or away) or `failed` (a defect of the auditor's; the log tells).", "reason");

    private readonly Meter _meter;
    private readonly Counter<long> _violations;
    private readonly Counter<long> _rows;
    private readonly Counter<long> _skipped;

    public AuditorMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MeterName);
        _violations = _meter.Create(Violations);
        _rows = _meter.Create(Rows);
        _skipped = _meter.Create(TurnsSkipped);
    }

    /// <summary>Shows every series at zero: the first violation is a change then, and not a new series. Once somebody listens, so not before the start.</summary>
    public void Begin()
    {
        foreach (var invariant in RowChecker.Invariants)
            Found(invariant, 0);
        Array.ForEach(["order", "changed_order", "item"], kind => Judged(kind, 0));
        Array.ForEach(["busy", "store", "failed"], reason => Skipped(reason, 0));
    }

    /// <param name="age">Asked at each scrape; null for absent.</param>
    public void Watch(Func<TimeSpan?> age) => _meter.Watch(SweepAge, () => age() is { } known ? [new Measurement<double>(known.TotalSeconds)] : Array.Empty<Measurement<double>>());

    public void Found(int invariant, long count = 1) => _violations.Add(count, new KeyValuePair<string, object?>("invariant", invariant.ToString(CultureInfo.InvariantCulture)));

    public void Judged(string kind, long count) => _rows.Add(count, new KeyValuePair<string, object?>("kind", kind));

    public void Skipped(string reason, long count = 1) => _skipped.Add(count, new KeyValuePair<string, object?>("reason", reason));
}
