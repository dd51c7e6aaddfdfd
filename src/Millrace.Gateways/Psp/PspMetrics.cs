using System.Diagnostics;
using System.Diagnostics.Metrics;
using Millrace.Engine.Payments;
using Millrace.Telemetry;
using Polly.CircuitBreaker;

namespace Millrace.Gateways.Psp;

/// <summary>Metrics of the calls to payment providers over HTTP; the in-process one is not measured.</summary>
public sealed class PspMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "Millrace.Psp";

    public static readonly Metric CallDuration = new(
        "millrace.psp.call.duration", MetricKind.Histogram, "s",
        "One execution of a payment intent at the provider, waiting for a turn included. `outcome` is `succeeded`, `declined` or `unknown`; of an unknown one `error_type` says why (`timeout`, `network`, `http_503`, `breaker_open`, `bulkhead_full` …), else it is empty. `attempt` is `first` or `again`.",
        "operation", "outcome", "error_type", "attempt")
    {
        Boundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
    };

    public static readonly Metric CallsInside = new("millrace.psp.calls", MetricKind.Gauge, "{call}", "Executions under way or waiting for their turn.");

    public static readonly Metric BreakerOpen = new(
        "millrace.psp.breaker.open", MetricKind.Gauge, "{breaker}", "1 while the breaker lets no call, or only a probe, through to the provider; else 0.");

    private readonly Histogram<double> _calls;
    private CircuitBreakerStateProvider? _breaker;
    private int _inside;

    public PspMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _calls = meter.CreateHistogram(CallDuration);
        meter.Watch(CallsInside, () => Volatile.Read(ref _inside));
        meter.Watch(BreakerOpen, () => _breaker is { CircuitState: not CircuitState.Closed } ? 1 : 0);
    }

    internal void Watch(CircuitBreakerStateProvider breaker) => _breaker = breaker;

    internal void Began() => Interlocked.Increment(ref _inside);

    /// <param name="outcome">Null when the caller canceled.</param>
    internal void Ended(PaymentRequest request, PaymentOutcome? outcome, TimeSpan took)
    {
        Interlocked.Decrement(ref _inside);
        var (name, error) = Words(outcome);
        var labels = new TagList
        {
            { "operation", request.Operation.ToString().ToLowerInvariant() }, { "outcome", name }, { "error_type", error },
            { "attempt", request.Attempt > 1 ? "again" : "first" },
        };
        _calls.Record(took.TotalSeconds, labels);
    }

    internal static (string Outcome, string Error) Words(PaymentOutcome? outcome) => outcome switch
    {
        PaymentOutcome.Succeeded => ("succeeded", ""),
        // Its code is the provider's own word: there may be any number.
        PaymentOutcome.Declined => ("declined", ""),
        PaymentOutcome.Unknown unknown => ("unknown", unknown.Error),
        null => ("unknown", "canceled"),
        _ => throw new UnreachableException(),
    };
}
