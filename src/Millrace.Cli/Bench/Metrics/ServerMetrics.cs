namespace Millrace.Cli.Bench.Metrics;

/// <summary>What the server's own counters say at one moment.</summary>
/// <param name="Accepted">Orders placed.</param>
/// <param name="Confirmed">Orders that the store has as confirmed.</param>
/// <param name="Settled">Orders that are on their way no more, however they ended.</param>
/// <param name="ConfirmSeconds">From accepted to confirmed.</param>
/// <param name="Batches">Journal rows written, each the commands of one partition in one commit.</param>
/// <param name="Records">Decisions in them.</param>
/// <param name="GcPause">In all; null when the server does not say.</param>
internal sealed record ServerMetrics(double Accepted, double Confirmed, double Settled, BucketHistogram ConfirmSeconds, double Batches, double Records, TimeSpan? GcPause)
{
    private const string PlacedName = "millrace_orders_placed_total";
    private const string SettledName = "millrace_orders_settled_total";
    private const string SettleName = "millrace_order_settle_duration_seconds";
    private const string BatchesName = "millrace_journal_batches_total";
    private const string RecordsName = "millrace_journal_records_total";
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
            BucketHistogram.Of(samples.Where(s => s.Labels.GetValueOrDefault("status") == "confirmed"), SettleName),
            samples.Where(s => s.Name == BatchesName).Sum(s => s.Value),
            samples.Where(s => s.Name == RecordsName).Sum(s => s.Value),
            pauses.Count == 0 ? null : TimeSpan.FromSeconds(pauses.Sum(s => s.Value)));
    }

    private static double Sum(List<MetricSample> samples, string name, string label, string value) =>
        samples.Where(s => s.Name == name && s.Labels.GetValueOrDefault(label) == value).Sum(s => s.Value);
}
