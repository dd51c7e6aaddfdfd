namespace Millrace.Cli.Bench.Metrics;

/// <summary>What the server's own counters say at one moment.</summary>
/// <param name="Accepted">Orders placed.</param>
/// <param name="Confirmed">Orders that the store has as confirmed.</param>
/// <param name="Settled">Orders that are on their way no more, however they ended.</param>
/// <param name="ConfirmSeconds">From accepted to confirmed.</param>
/// <param name="GcPause">In all; null when the server does not say.</param>
internal sealed record ServerMetrics(double Accepted, double Confirmed, double Settled, BucketHistogram ConfirmSeconds, TimeSpan? GcPause)
{
    private const string PlacedName = "millrace_orders_placed_total";
    private const string SettledName = "millrace_orders_settled_total";
    private const string ConfirmName = "millrace_order_confirm_duration_seconds";
    private const string GcPauseName = "dotnet_gc_pause_time_seconds_total";

    /// <summary>Accepted and not yet at an end.</summary>
    public double Backlog => Accepted - Settled;

    public static ServerMetrics Parse(string exposition)
    {
        var samples = PrometheusText.Parse(exposition);
        var pauses = samples.Where(s => s.Name == GcPauseName).ToList();
        return new ServerMetrics(
            Sum(samples, PlacedName, "outcome", "accepted"),
            Sum(samples, SettledName, "status", "confirmed"),
            samples.Where(s => s.Name == SettledName).Sum(s => s.Value),
            BucketHistogram.Of(samples, ConfirmName),
            pauses.Count == 0 ? null : TimeSpan.FromSeconds(pauses.Sum(s => s.Value)));
    }

    private static double Sum(List<MetricSample> samples, string name, string label, string value) =>
        samples.Where(s => s.Name == name && s.Labels.GetValueOrDefault(label) == value).Sum(s => s.Value);
}
