using System.Diagnostics;
using System.Text.RegularExpressions;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Operating;

/// <summary>
/// A real Prometheus over a real server whose payment provider goes away. By default it scrapes each second, and the alert's <c>for</c> is one second
/// in place of half a minute; with <c>MILLRACE_ALERT_DRILL=1</c> everything is as it is checked in, and takes some minutes.
/// </summary>
[Collection(Processes.Name)]
public sealed partial class LiveAlertTests(Shop shop, ITestOutputHelper output)
{
    private const string Alert = "PspBreakerOpen";
    private static readonly bool IsDrill = Environment.GetEnvironmentVariable("MILLRACE_ALERT_DRILL") == "1";
    private static readonly int MostOrders = IsDrill ? 120 : 30;
    private static readonly TimeSpan Target = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task An_outage_of_the_payment_provider_is_told_and_so_is_its_end_and_all_dashboards_can_be_drawn()
    {
        using var folder = new TemporaryFolder();
        var rules = folder["rules.yml"];
        var checkedIn = await File.ReadAllTextAsync(AlertRules.RulesFile);
        var shortened = WaitOfAlert().Replace(checkedIn, "${before}for: 1s");
        Assert.NotEqual(checkedIn, shortened);
        await File.WriteAllTextAsync(rules, IsDrill ? checkedIn : shortened);
        await using var prometheus = await PrometheusServer.StartAsync(shop.Settings.Address, rules, TimeSpan.FromSeconds(IsDrill ? 15 : 1));
        await Eventually.Async(async () => (await prometheus.QueryAsync("""up{job="millrace"} == 1""")).Count == 1, "the server is scraped");
        await DrawAsync(prometheus);
        Assert.DoesNotContain(Alert, await prometheus.FiringAsync());

        var sku = await shop.NewItemAsync(1_000);
        var began = Stopwatch.GetTimestamp();
        var orders = new List<string>();
        await using (await shop.Psp.WithFaultsAsync("""{"outage":true}"""))
        {
            // Enough for the breaker, each being tried again; in the drill a calm shop's, one each second.
            await Eventually.Async(async () =>
            {
                if (orders.Count < MostOrders)
                    orders.Add((await shop.Api.PlaceAsync(Bodies.Order(sku).ToJsonString(), $"{sku}-{orders.Count}")).Id());
                if (IsDrill)
                    await Task.Delay(TimeSpan.FromSeconds(1));
                return (await prometheus.FiringAsync()).Contains(Alert);
            }, "the outage is told", Target);
        }

        output.WriteLine($"Told {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s after the outage began, {orders.Count} orders into it.");
        began = Stopwatch.GetTimestamp();
        await Eventually.Async(async () => !(await prometheus.FiringAsync()).Contains(Alert), "its end is told", TimeSpan.FromMinutes(3));
        output.WriteLine($"Its end was told after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s.");
        await Task.WhenAll(orders.Select(async order =>
        {
            await shop.UntilAsync(order, o => o.Text("status") == "confirmed" || o.Body.Contains("\"attention\":{", StringComparison.Ordinal), "the order goes on, or asks for a person");
            Assert.InRange((await shop.Psp.EffectsAsync(order)).Length, 0, 1);
        }));
    }

    private static async Task DrawAsync(PrometheusServer prometheus)
    {
        foreach (var expression in Dashboard.Expressions.Concat(AlertRules.All.Select(rule => rule.Expression)).Distinct(StringComparer.Ordinal))
            await prometheus.QueryAsync(Dashboard.Filled(expression));
    }

    [GeneratedRegex(@"(?<before>- alert: PspBreakerOpen\n\s*expr: \|-\n.*\n\s*)for: 30s", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex WaitOfAlert();
}
