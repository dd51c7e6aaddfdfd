using System.Text.RegularExpressions;
using Xunit;

namespace Millrace.Tests.Operating;

public sealed partial class AlertRuleTests
{
    private static readonly string Tests = Path.Combine(AlertRules.Folder, "millrace.rules.test.yml");

    private static readonly string Routes = Path.Combine(AlertRules.Folder, "alertmanager.yml");

    [Fact]
    public Task Rules_fire_when_they_should_and_are_silent_when_they_should() => Tool.RunAsync("/usr/bin/promtool", "test", "rules", Tests);

    [Fact]
    public Task Prometheus_accepts_the_example_and_the_rules_it_names() => Tool.RunAsync("/usr/bin/promtool", "check", "config", Path.Combine(AlertRules.Folder, "prometheus.yml"));

    [Fact]
    public void Each_alert_is_seen_to_fire_by_a_test()
    {
        var tested = Tested().Matches(File.ReadAllText(Tests)).Select(m => m.Groups["alert"].Value).ToHashSet(StringComparer.Ordinal);
        Assert.Equal(AlertRules.Alerts.Select(rule => rule.Alert!).ToHashSet(StringComparer.Ordinal).Order(StringComparer.Ordinal), tested.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_alert_says_how_bad_it_is_and_what_to_do()
    {
        Assert.True(AlertRules.Alerts.Count() >= 20);
        Assert.All(AlertRules.Alerts, rule =>
        {
            Assert.Contains(rule.Severity, new[] { "page", "ticket" });
            Assert.True(rule.Summary is { Length: > 0 } && rule.Description is { Length: > 0 }, rule.Alert);
            Assert.StartsWith(AlertRules.RunbookAddress, rule.Runbook, StringComparison.Ordinal);
        });
    }

    [Theory]
    [InlineData("page", "pager")]
    [InlineData("ticket", "tickets")]
    public async Task A_page_wakes_somebody_and_a_ticket_does_not(string severity, string receiver)
    {
        foreach (var alert in AlertRules.Alerts.Where(rule => rule.Severity == severity).Select(rule => rule.Alert!).Distinct(StringComparer.Ordinal).Take(2))
            await Tool.RunAsync("/usr/bin/amtool", "config", "routes", "test", $"--config.file={Routes}", $"--verify.receivers={receiver}", $"severity={severity}", $"alertname={alert}");
    }

    [Fact]
    public Task The_alertmanager_accepts_its_example() => Tool.RunAsync("/usr/bin/amtool", "check-config", Routes);

    [GeneratedRegex("""labels: '\{alertname="(?<alert>\w+)""", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Tested();
}
