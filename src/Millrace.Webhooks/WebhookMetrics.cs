using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Millrace.Telemetry;
using Millrace.Webhooks.Delivering;
using Millrace.Webhooks.Endpoints;
using Millrace.Webhooks.Sending;

namespace Millrace.Webhooks;

/// <summary>How outgoing webhooks go. Gauges are shown by the node that delivers, which is one at a time.</summary>
public sealed class WebhookMetrics
{
    public const string MeterName = "Millrace.Webhooks";

    public static readonly Metric Attempts = new(
        "millrace.webhooks.attempts", MetricKind.Counter, "{attempt}",
        "Attempts to deliver an event: `delivered`, or why not (`refused`, `redirect`, `timeout`, `name_unknown`, `connection_failed`, `tls_failed`, `no_http`, `address_refused`).", "outcome");

    public static readonly Metric Lag = new(
        "millrace.webhooks.lag", MetricKind.Gauge, "s", "Age of the oldest event that was neither delivered to an endpoint nor set aside to be tried again, of the endpoint that is farthest behind; 0 when none is.");

    public static readonly Metric Waiting = new("millrace.webhooks.waiting", MetricKind.Gauge, "{event}", "Events that are to be tried again, or wait behind one of their order, for all endpoints.");

    public static readonly Metric Failed = new("millrace.webhooks.failed", MetricKind.Gauge, "{event}", "Events that have failed for good and are kept to be replayed, for all endpoints that are delivered to.");

    public static readonly Metric Endpoints = new(
        "millrace.webhooks.endpoints", MetricKind.Gauge, "{endpoint}",
        "Endpoints that are `well`, are `failing` (the last attempt was in vain), were `stopped` by the server, or are `disabled` by their tenant.", "state");

    private const string Delivered = "delivered";
    private readonly ConcurrentDictionary<EndpointDelivery, byte> _deliveries = new();
    private readonly Counter<long> _attempts;
    private (WebhookEndpoints Endpoints, TimeProvider Time)? _watched;

    public WebhookMetrics(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(MeterName);
        _attempts = meter.Create(Attempts);
        meter.Watch(Lag, () => Here(time => _deliveries.Keys.Select(delivery => delivery.State.BehindSince is { } since ? Math.Max(0, (time.GetUtcNow() - since).TotalSeconds) : 0).DefaultIfEmpty(0).Max()));
        meter.Watch(Waiting, () => Here(_ => (double)_deliveries.Keys.Sum(delivery => delivery.State.Waiting)));
        meter.Watch(Failed, () => Here(_ => (double)_deliveries.Keys.Sum(delivery => delivery.State.Failed)));
        meter.Watch(Endpoints, States);
    }

    internal void Tried(SendResult result) => Count(result.Error ?? Delivered, 1);

    /// <summary>Shows the gauges until it is disposed of, and every counter at zero: the first failure is a change then, and not a new series.</summary>
    internal IDisposable Watch(WebhookEndpoints endpoints, TimeProvider time)
    {
        Array.ForEach([Delivered, .. SendErrors.OfAttempts], outcome => Count(outcome, 0));
        _watched = (endpoints, time);
        return new Ending(() => _watched = null);
    }

    internal IDisposable Watch(EndpointDelivery delivery)
    {
        _deliveries[delivery] = 0;
        return new Ending(() => _deliveries.TryRemove(delivery, out _));
    }

    private void Count(string outcome, long count) => _attempts.Add(count, new KeyValuePair<string, object?>("outcome", outcome));

    private IEnumerable<Measurement<double>> Here(Func<TimeProvider, double> read) => _watched is { } watched ? [new Measurement<double>(read(watched.Time))] : [];

    private IEnumerable<Measurement<double>> States()
    {
        if (_watched is not { } watched)
            return [];
        var all = watched.Endpoints.All.ToList();
        var failing = _deliveries.Keys.Count(delivery => delivery.State.FailingSince is not null);
        return
        [
            State("well", all.Count(endpoint => endpoint.IsDelivering) - failing), State("failing", failing),
            State("stopped", all.Count(endpoint => endpoint is { StoppedBecause: not null, Settings.IsDisabled: false })), State("disabled", all.Count(endpoint => endpoint.Settings.IsDisabled)),
        ];
    }

    private static Measurement<double> State(string state, int count) => new(Math.Max(0, count), new KeyValuePair<string, object?>("state", state));

    private sealed class Ending(Action end) : IDisposable
    {
        public void Dispose() => end();
    }
}
