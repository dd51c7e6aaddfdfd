using Millrace.Api.Keys;
using Millrace.Tests.Api.Caching;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.PspSimulator;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Operating;

/// <summary>What a real server tells a collector of one order.</summary>
[Collection(OwnProcesses.Name)]
public sealed class TraceTests
{
    [Fact]
    public async Task An_order_leads_from_its_request_to_its_payment_and_the_commits_are_seen_once_a_group()
    {
        await using var collector = await TraceReceiver.StartAsync();
        await using var cdn = await RecordingCdn.StartAsync();
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { WebhookSecret = PspHost.Secret };
        await using var psp = await PspHost.StartAsync(webhooks: settings.WebhookAddress);
        settings = settings with
        {
            Psp = psp.Address,
            More = ["--purge-url", cdn.Options().PurgeUrls[0].ToString()],
            Environment = new(StringComparer.Ordinal)
            {
                ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Address, ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
                ["OTEL_BSP_SCHEDULE_DELAY"] = "50", ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
            },
        };
        var key = NewKey.Of(settings, "acme", Scopes.Admin);
        await using var server = await ServerProcess.StartAsync(settings);
        using var api = new ApiClient(settings.Address, key);
        Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/tea", Bodies.Item())).Status);
        Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("tea", 5), "receipt")).Status);
        var order = await api.PlaceAsync(Bodies.Order("tea").ToJsonString(), "one", "Prefer: wait=20");
        Assert.Equal(201, order.Status);

        var placed = await SpanAsync(collector, span => span.Name == "POST /v1/orders");
        Assert.Equal(("POST", "/v1/orders"), (placed.Tags["http.request.method"], placed.Tags["http.route"]));
        var paid = await SpanAsync(collector, span => span.Name == "psp authorize");
        Assert.Equal((order.Id(), "succeeded"), (paid.Tags["millrace.order.id"], paid.Tags["millrace.psp.outcome"]));
        Assert.NotEqual(placed.Trace, paid.Trace);
        Assert.Equal([placed.Trace], paid.LinkedTraces);
        var call = await SpanAsync(collector, span => span.Scope == "System.Net.Http" && span.Parent == paid.Id);
        Assert.Equal(paid.Trace, call.Trace);
        var told = await SpanAsync(collector, span => span.Name == "POST /v1/psp/{name}/webhooks");
        Assert.Equal([placed.Trace], told.LinkedTraces);
        var commit = await SpanAsync(collector, span => span.Name == "journal commit" && span.LinkedTraces.Contains(placed.Trace));
        Assert.Null(commit.Parent);
        await Eventually.Async(() => Task.FromResult(collector.HasMetrics), "metrics are sent too");
        // One that was copied badly is still nearly one.
        var link = (string)order["tracking_url"]!;
        Assert.Equal(200, (await api.SendAsync("GET", link)).Status);
        Assert.Equal(404, (await api.SendAsync("GET", link + "/more")).Status);
        await Eventually.Async(() => Task.FromResult(collector.Spans.Count(span => span.Tags.GetValueOrDefault("url.path") == "/v1/track/{token}") == 2), "both are seen, by what they are");
        await Eventually.Async(() => Task.FromResult(cdn.Told.Count > 0), "the cache was told");
        // Neither the key, nor who bought, nor what shows an order to whoever has it, goes to a collector; nor does the address of a purge, which may hold a secret.
        string[] secrets = [key, "c-tea", link.Split('/')[^1], "/purge"];
        Assert.All(collector.Spans.SelectMany(span => span.Tags.Values), value => Assert.DoesNotContain(secrets, secret => value.Contains(secret, StringComparison.Ordinal)));
    }

    private static async Task<ReceivedSpan> SpanAsync(TraceReceiver collector, Func<ReceivedSpan, bool> isIt) =>
        (await Eventually.AsyncOf(() => Task.FromResult(collector.Spans.FirstOrDefault(isIt)), span => span is not null, "the span has come"))!;
}
