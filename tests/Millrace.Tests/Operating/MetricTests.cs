using Millrace.Api;
using Millrace.Cli.Serve;
using Millrace.Reconciliation;
using Millrace.Telemetry;
using Millrace.Tests.Architecture;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Operating;

/// <summary>The page, the code and a server that runs say the same.</summary>
[Collection(Processes.Name)]
public sealed class MetricTests(Shop shop)
{
    private static readonly string Page = Path.Combine(Repository.Root, "docs", "operating", "metrics.md");

    // What this shop does not have or do: certificates and a replica belong to a cluster, and nobody here asks for too much, has keys that end, or differs with the provider.
    private static readonly Metric[] NotHere = [NodeMetrics.CertificateExpiry, ApiMetrics.ReplicaLag, ApiMetrics.RequestsLimited, ApiMetrics.KeyExpiry, ReconciliationMetrics.AtRisk];

    // What the exporter adds to every series, and a histogram to its buckets.
    private static readonly string[] Added = ["otel_scope_name", "le"];

    [Fact]
    public async Task The_page_is_what_the_code_says()
    {
        if (Environment.GetEnvironmentVariable("UPDATE_METRICS") == "1")
            await File.WriteAllTextAsync(Page, MetricCatalog.Document());
        Assert.Equal(await File.ReadAllTextAsync(Page), MetricCatalog.Document());
    }

    [Fact]
    public async Task What_a_server_shows_is_what_is_described_and_the_other_way_round()
    {
        var shown = await ScrapeAsync();
        var described = MetricCatalog.All.ToDictionary(entry => entry.Metric.ExposedName, entry => entry.Metric, StringComparer.Ordinal);
        Assert.Equal(
            described.Keys.Except(NotHere.Select(metric => metric.ExposedName)).Order(StringComparer.Ordinal),
            shown.Types.Keys.Where(name => name.StartsWith("millrace_", StringComparison.Ordinal)).Except(NotHere.Select(metric => metric.ExposedName)).Order(StringComparer.Ordinal));
        foreach (var (name, metric) in described.Where(entry => shown.Types.ContainsKey(entry.Key)))
        {
            Assert.Equal((name, metric.Kind.ToString().ToLowerInvariant(), metric.Meaning), (name, shown.Types[name], shown.Helps[name]));
            Assert.All(shown.Of(name), sample => Assert.Equal(
                metric.Labels.Order(StringComparer.Ordinal), sample.Labels.Keys.Except(Added).Order(StringComparer.Ordinal)));
        }
    }

    [Fact]
    public async Task Alerts_and_dashboards_ask_only_for_what_a_server_shows()
    {
        var shown = await ScrapeAsync();
        var known = shown.Types.Keys.Concat(MetricCatalog.All.Select(entry => entry.Metric.ExposedName))
            .Concat(AlertRules.All.Select(rule => rule.Record).OfType<string>()).Concat(["up", "ALERTS"]).ToHashSet(StringComparer.Ordinal);
        Assert.True(Dashboard.Expressions.Count > 30);
        Assert.Equal(["Overview", "Stages", "Payment provider", "Storage", "Cluster", "Webhooks", "Reconciliation"], Dashboard.Rows);
        Assert.All(Dashboard.Expressions.Concat(AlertRules.All.Select(rule => rule.Expression)), expression =>
        {
            var names = PromQl.NamesIn(expression).ToList();
            Assert.NotEmpty(names);
            Assert.All(names, name => Assert.Contains(known.Contains(name) ? name : Exposition.FamilyOf(name), known));
        });
        // The bucket that the objective of latency is counted by.
        Assert.Contains(shown.Samples, sample => sample.Name == "millrace_order_accept_duration_seconds_bucket" && sample.Labels.GetValueOrDefault("le") == "0.25");
        Assert.Contains(shown.Samples, IsOfBatch);
    }

    // After everything has been done once that is counted only when it is done.
    private async Task<Exposition> ScrapeAsync()
    {
        var sku = await shop.NewItemAsync(10);
        var order = await shop.ConfirmedAsync(sku);
        Assert.Equal(200, (await shop.Anonymous.GetAsync(order.Text("tracking_url"))).Status);
        Assert.Equal(200, (await shop.Api.GetAsync("/v1/orders?limit=1")).Status);
        Assert.Equal(200, (await shop.Api.SendAsync("POST", "/v1/orders:batch", $$"""[{"idempotency_key":"{{sku}}-batch","order":{{Bodies.Order(sku).ToJsonString()}}}]""")).Status);
        // A request is counted once its answer is on its way: the last may have been read before that.
        return await Eventually.AsyncOf(async () => Exposition.Read((await shop.Anonymous.GetAsync("/metrics")).Body), shown => shown.Samples.Any(IsOfBatch), "the last request is counted");
    }

    private static bool IsOfBatch(Sample sample) => sample.Name == "http_server_request_duration_seconds_count" && sample.Labels.GetValueOrDefault("http_route") == "/v1/orders:batch";
}
