using System.Diagnostics;
using System.Text.RegularExpressions;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Operating;

/// <summary>
/// A real Prometheus over a real server whose payment provider goes away. By default it scrapes each second, and the alert's <c>for</c> is one second
/// in place of half a minute. With <c>MILLRACE_ALERT_DRILL=busy</c> (an order each second, so that the breaker opens) or <c>quiet</c> (one in ten
/// seconds) everything is as it is checked in, and takes some minutes.
/// </summary>
[Collection(Processes.Name)]
public sealed partial class LiveAlertTests(Shop shop, ITestOutputHelper output)
{
    // Enough for the breaker, each being tried again.
    private const int MostOrders = 30;
    private static readonly string? Drill = Environment.GetEnvironmentVariable("MILLRACE_ALERT_DRILL");
    private static readonly string Alert = Drill == "quiet" ? "PspFailing" : "PspBreakerOpen";
    private static readonly TimeSpan Target = TimeSpan.FromMinutes(2);
    private readonly List<string> _orders = [];
    private string _sku = "";

    [Fact]
    public async Task An_outage_of_the_payment_provider_is_told_and_so_is_its_end_and_all_dashboards_can_be_drawn()
    {
        using var folder = new TemporaryFolder();
        var rules = folder["rules.yml"];
        await File.WriteAllTextAsync(rules, await RulesAsync());
        await using var prometheus = await PrometheusServer.StartAsync(shop.Settings.Address, rules, TimeSpan.FromSeconds(Drill is null ? 1 : 15));
        await Eventually.Async(async () => (await prometheus.QueryAsync("""up{job="millrace"} == 1""")).Count == 1, "the server is scraped");
        await DrawAsync(prometheus);
        _sku = await shop.NewItemAsync(1_000);
        var began = Stopwatch.GetTimestamp();
        // What was well in the last minute counts against the alert.
        while (Drill is not null && Stopwatch.GetElapsedTime(began) < TimeSpan.FromMinutes(1.5))
            await PlaceAsync();
        Assert.DoesNotContain(Alert, await prometheus.FiringAsync());

        var before = _orders.Count;
        began = Stopwatch.GetTimestamp();
        await using (await shop.Psp.WithFaultsAsync("""{"outage":true}"""))
        {
            await Eventually.Async(async () =>
            {
                if (Drill is not null || _orders.Count < MostOrders)
                    await PlaceAsync();
                return (await prometheus.FiringAsync()).Contains(Alert);
            }, "the outage is told", Target);
        }

        output.WriteLine($"Told {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s after the outage began, {_orders.Count - before} orders into it.");
        began = Stopwatch.GetTimestamp();
        await Eventually.Async(async () =>
        {
            if (Drill is not null)
                await PlaceAsync();
            return !(await prometheus.FiringAsync()).Contains(Alert);
        }, "its end is told", TimeSpan.FromMinutes(3));
        output.WriteLine($"Its end was told after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s.");
        // What the levels are made of came through the scrape under the names and labels that they ask for.
        Assert.NotEmpty(await prometheus.QueryAsync("""millrace_order_accept_duration_seconds_bucket{job="millrace",le="0.25"}"""));
        Assert.NotEmpty(await prometheus.QueryAsync("""http_server_request_duration_seconds_count{job="millrace",http_request_method="POST",http_route="/v1/orders",http_response_status_code="202"}"""));
        Assert.NotEmpty(await prometheus.QueryAsync("""millrace_psp_call_duration_seconds_count{job="millrace",outcome="unknown",attempt="again"}"""));
        // Whatever became of each meanwhile: once each, and the end of all tests compares the store with the provider's record.
        var effects = (await shop.Psp.RecordsAsync()).Where(record => !record.IsDeclined && record.Kind == "authorize").Select(record => record.Order).ToList();
        Assert.All(_orders, order => Assert.InRange(effects.Count(other => other == order), 0, 1));
    }

    private static async Task<string> RulesAsync()
    {
        var checkedIn = await File.ReadAllTextAsync(AlertRules.RulesFile);
        var shortened = WaitOfAlert().Replace(checkedIn, "${before}for: 1s");
        Assert.NotEqual(checkedIn, shortened);
        return Drill is null ? shortened : checkedIn;
    }

    private async Task PlaceAsync()
    {
        _orders.Add((await shop.Api.PlaceAsync(Bodies.Order(_sku).ToJsonString(), $"{_sku}-{_orders.Count}")).Id());
        if (Drill is not null)
            await Task.Delay(TimeSpan.FromSeconds(Drill == "quiet" ? 10 : 1));
    }

    private static async Task DrawAsync(PrometheusServer prometheus)
    {
        foreach (var expression in Dashboard.Expressions.Concat(AlertRules.All.Select(rule => rule.Expression)).Distinct(StringComparer.Ordinal))
            await prometheus.QueryAsync(Dashboard.Filled(expression));
    }

    [GeneratedRegex(@"(?<before>- alert: PspBreakerOpen\n\s*expr: \|-\n.*\n\s*)for: 30s", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex WaitOfAlert();
}
