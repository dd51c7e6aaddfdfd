using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Millrace.Api.Events;
using Millrace.Api.Orders.Place;
using Millrace.Cli.Children;
using Millrace.Tests.Architecture;
using Millrace.Webhooks.Sending;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>What a real Varnish with the configuration that ships passes on, and what it does not.</summary>
[Collection(OwnProcesses.Name)]
public sealed partial class SharedCachePassTests : IAsyncLifetime
{
    private readonly VarnishServer _varnish = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication _origin = null!;
    private HttpClient _client = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _origin = builder.Build();
        _origin.MapPost("/v1/orders", (RequestDelegate)PlaceAsync);
        _origin.MapGet("/v1/events/stream", (RequestDelegate)StreamAsync);
        _origin.MapGet("/v1/track/{token}", (RequestDelegate)(http => _release.Task.WaitAsync(http.RequestAborted)));
        _origin.MapGet("/metrics", (RequestDelegate)(http => http.Response.WriteAsync("metrics")));
        _origin.MapGet("/v1/items/{sku}", (RequestDelegate)(http => http.Response.WriteAsync("item")));
        await _origin.StartAsync();
        await _varnish.StartAsync(Origin.Port, null, TestContext.Current.CancellationToken, trackingPatience: TimeSpan.FromMilliseconds(200));
        _client = new HttpClient { BaseAddress = _varnish.Url };
    }

    public async ValueTask DisposeAsync()
    {
        _release.TrySetResult();
        _client?.Dispose();
        await _varnish.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_waits_or_follows_is_not_cut_off_when_a_viewer_would_be()
    {
        AssertPatience();
        var cancellation = TestContext.Current.CancellationToken;
        using var body = new StringContent("{}");
        var placing = _client.PostAsync(new Uri("/v1/orders", UriKind.Relative), body, cancellation);
        await _asked.Task.WaitAsync(cancellation);
        using var stream = await _client.GetAsync(new Uri("/v1/events/stream", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancellation);
        using var lines = new StreamReader(await stream.Content.ReadAsStreamAsync(cancellation));
        Assert.Equal("first", await lines.ReadLineAsync(cancellation));
        // Begun after both: when it is given up they have waited for longer.
        using var viewed = await _client.GetAsync(new Uri("/v1/track/AY", UriKind.Relative), cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, viewed.StatusCode);
        _release.SetResult();
        using var placed = await placing;
        Assert.Equal((HttpStatusCode.Accepted, "second"), (placed.StatusCode, await lines.ReadLineAsync(cancellation)));
    }

    [Fact]
    public async Task The_metrics_of_the_machine_it_is_on_are_not_passed_on_however_they_are_asked_for()
    {
        foreach (var path in new[] { "/metrics", "/Metrics/?x", "/%6Det%72ics", "/v1/../metrics", "/v1/%2E./metrics/x/.." })
            Assert.Equal((path, "metrics", HttpStatusCode.NotFound), await AskedAsync(path));
        foreach (var path in new[] { "/v1/items/metrics", "/v1/items/x?q=/../metrics" })
            Assert.Equal((path, "item", HttpStatusCode.OK), await AskedAsync(path));
    }

    [Fact]
    public async Task Whoever_comes_as_the_public_does_purges_nothing_and_where_nodes_purge_is_nothing_else()
    {
        // From this machine, as by what ends TLS here.
        Assert.Equal(HttpStatusCode.Forbidden, await PurgeAsync(new Uri(_varnish.Url, "/purge")));
        Assert.Equal(HttpStatusCode.OK, await PurgeAsync(_varnish.PurgeUrl));
        using var item = await _client.GetAsync(new Uri(_varnish.PurgeUrl, "/v1/items/x"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, item.StatusCode);
    }

    private async Task<HttpStatusCode> PurgeAsync(Uri url)
    {
        using var purge = new HttpRequestMessage(HttpMethod.Post, url) { Headers = { { "Surrogate-Key", "tracking" } } };
        using var answer = await _client.SendAsync(purge, TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    // What the server itself answers, and with what status Varnish does.
    private async Task<(string, string, HttpStatusCode)> AskedAsync(string path)
    {
        // As it is written: a client of good will would send less.
        var asWritten = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
        var cancellation = TestContext.Current.CancellationToken;
        using var direct = await _client.GetAsync(new Uri(Origin.ToString().TrimEnd('/') + path, asWritten), cancellation);
        using var passed = await _client.GetAsync(new Uri(_varnish.Url.ToString().TrimEnd('/') + path, asWritten), cancellation);
        return (path, await direct.Content.ReadAsStringAsync(cancellation), passed.StatusCode);
    }

    private static void AssertPatience()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "varnish", "millrace.vcl"));
        var patience = Patience().Matches(text).ToDictionary(m => m.Groups["of"].Value, m => int.Parse(m.Groups["seconds"].Value, CultureInfo.InvariantCulture), StringComparer.Ordinal);
        Assert.True(patience["first_byte"] > Math.Max(PreferWait.MaxSeconds, WebhookSender.Patience.TotalSeconds));
        Assert.True(patience["between_bytes"] > StreamEvents.Silence.TotalSeconds);
    }

    private Uri Origin => new(_origin.Urls.Single());

    private async Task PlaceAsync(HttpContext http)
    {
        _asked.TrySetResult();
        await _release.Task;
        http.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private async Task StreamAsync(HttpContext http)
    {
        await http.Response.WriteAsync("first\n");
        await http.Response.Body.FlushAsync();
        await _release.Task;
        await http.Response.WriteAsync("second\n");
    }

    [GeneratedRegex(@"^    \.(?<of>\w+)_timeout = (?<seconds>[0-9]+)s;", RegexOptions.ExplicitCapture | RegexOptions.Multiline, 1_000)]
    private static partial Regex Patience();
}
