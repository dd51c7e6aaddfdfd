using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>What a real Prometheus says is wrong, as the node's API, its console and the command line tell it.</summary>
[Collection(OwnProcesses.Name)]
public sealed class AlertTests
{
    private const string Rules = """
        groups:
          - name: millrace-test
            rules:
              - {alert: Later, expr: 'vector(1)', labels: {severity: ticket}, annotations: {summary: "A ticket", runbook_url: "https://example.org/later"}}
              - {alert: Now, expr: 'vector(1)', labels: {severity: page}, annotations: {summary: "A page <b>", runbook_url: "javascript:alert(1)"}}
              - {alert: Soon, expr: 'vector(1)', for: 1h, labels: {severity: page}}
              - {alert: Never, expr: 'vector(1) > 1', labels: {severity: page}}
          - name: others
            rules:
              - {alert: Other, expr: 'vector(1)', labels: {severity: page}}
        """;

    [Fact]
    public async Task What_fires_is_told_pages_first_and_that_nobody_knows_is_told_too()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["rules.yml"], Rules, TestContext.Current.CancellationToken);
        var port = FreePort.Find();
        var settings = new ServerSettings(folder["node"]) { More = ["--partitions", "4", "--prometheus-url", $"http://127.0.0.1:{port}/"] };
        var key = NewKey.Of(settings, "acme", Scopes.SystemOperate);
        await using var server = await ServerProcess.StartAsync(settings);
        using var api = new ApiClient(settings.Address, key);
        using var visitor = new ConsoleVisitor(settings.Address);
        await visitor.SignInAsync(key);
        (await api.GetAsync("/v1/alerts")).Problem(503, "unavailable");
        Assert.Contains("Prometheus does not answer", (await visitor.GetAsync("/")).Body, StringComparison.Ordinal);

        await using var prometheus = await PrometheusServer.StartAsync(settings.Address, folder["rules.yml"], TimeSpan.FromSeconds(1), port);
        var told = await Eventually.AsyncOf(() => api.GetAsync("/v1/alerts"), answer => answer.Status == 200 && answer["data"].AsArray().Count == 3, "three alerts are told");
        Assert.Equal(4, (int)told["rules"]!);
        Assert.Equal(["Now page firing", "Later ticket firing", "Soon page pending"], told["data"].AsArray().Select(alert => $"{alert!["name"]} {alert["severity"]} {alert["state"]}"));
        var page = (await visitor.GetAsync("/")).Body;
        Assert.Contains("A page &lt;b&gt;", page, StringComparison.Ordinal);
        Assert.Contains("""href="https://example.org/later" """.Trim(), page, StringComparison.Ordinal);
        Assert.DoesNotContain("javascript:", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Other", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_Prometheus_there_are_no_rules_and_who_may_not_operate_is_told_nothing()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { More = ["--partitions", "4"] };
        var operators = NewKey.Of(settings, "acme", Scopes.SystemOperate);
        using var api = new ApiClient(settings.Address, operators);
        using var merchant = new ApiClient(settings.Address, NewKey.Of(settings, "acme", Scopes.Admin));
        await using var server = await ServerProcess.StartAsync(settings);
        var none = await api.GetAsync("/v1/alerts");
        Assert.Equal((200, 0, 0), (none.Status, (int)none["rules"]!, none["data"].AsArray().Count));
        // Who reads only the command's list takes none for well.
        await using var list = new ChildProcess(MillraceExecutable.With("alerts", "list", "--url", settings.Address.ToString(), "--key", operators));
        Assert.Equal(1, await list.ExitAsync());
        Assert.Contains("nobody watches", list.Words, StringComparison.Ordinal);
        await using var purge = new ChildProcess(MillraceExecutable.With("caches", "purge", "--url", settings.Address.ToString(), "--key", operators));
        Assert.Equal(1, await purge.ExitAsync());
        Assert.Contains("nothing is purged", purge.Words, StringComparison.Ordinal);
        (await merchant.GetAsync("/v1/alerts")).Problem(403, "insufficient_scope");
    }
}
