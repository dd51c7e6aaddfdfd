using System.Collections.Concurrent;
using System.Diagnostics;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Client.Webhooks;
using Millrace.Tests.EndToEnd;
using Millrace.Tests.OpenApi;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.Webhooks;

/// <summary>A real server that sends to a real receiver, and is killed in the middle.</summary>
[Collection(OwnProcesses.Name)]
public sealed class WebhookServerTests : IAsyncLifetime
{
    private const int Orders = 40;
    private readonly TemporaryFolder _folder = new();
    private ServerSettings _settings = null!;
    private ServerProcess _server = null!;
    private Receiver _receiver = null!;
    private ApiClient _api = null!;

    public async ValueTask InitializeAsync()
    {
        _settings = new ServerSettings(_folder["node"]) { More = ["--webhooks-allow-private", "--webhooks-allow-http", "--partitions", "4"] };
        var key = NewKey.Of(_settings, "acme", Scopes.Admin);
        (_receiver, _server) = (await Receiver.StartAsync(), await ServerProcess.StartAsync(_settings));
        _api = new ApiClient(_settings.Address, key);
    }

    public async ValueTask DisposeAsync()
    {
        _api.Dispose();
        await _server.DisposeAsync();
        await _receiver.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_server_that_is_killed_in_the_middle_leaves_nothing_out()
    {
        var made = await _api.PostAsync("/v1/webhooks", $$"""{"url":"{{_receiver.Address}}"}""", "hook");
        Assert.Equal(201, made.Status);
        var secret = made.Text("secret");
        var ping = await _api.PostAsync($"/v1/webhooks/{made.Id()}/test", "{}", "ping");
        Assert.True((bool)ping["delivered"], ping.Body);
        Assert.Equal(201, (await _api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status);
        Assert.Equal(200, (await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 1_000), "receipt")).Status);
        var placed = await Task.WhenAll(Enumerable.Range(0, Orders).Select(i => _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), $"order-{i}")));
        Assert.All(placed, answer => Assert.Equal(202, answer.Status));
        await _receiver.UntilAsync(arrivals => arrivals.Count > Orders, "some have arrived");
        await _server.KillAsync();
        await _server.DisposeAsync();
        var before = _receiver.Arrivals.Count;
        _server = await ServerProcess.StartAsync(_settings);
        var orders = placed.Select(answer => answer.Id()).ToList();
        await _receiver.UntilAsync(arrivals => orders.TrueForAll(order => IsConfirmed(arrivals, order)), "all are confirmed there");

        foreach (var order in orders)
        {
            var timeline = (await _api.GetAsync($"/v1/orders/{order}/events"))["data"].AsArray().Select(told => (string)told!["type"]!).ToList();
            await _receiver.UntilAsync(arrivals => Told(arrivals, order).Count == timeline.Count, "all of its events have arrived");
            // At least once, in its order, and nothing left out.
            Assert.Equal(timeline, Told(_receiver.Arrivals, order).Select(arrival => (string)arrival.Event["type"]!));
            Assert.Equal(Enumerable.Range(1, timeline.Count), Told(_receiver.Arrivals, order).Select(arrival => arrival.Version));
        }

        Assert.All(_receiver.Arrivals, arrival => Assert.True(WebhookSignature.Verify(
            secret, arrival.Id, arrival.Headers[WebhookSignature.TimestampHeader], arrival.Headers[WebhookSignature.SignatureHeader], arrival.Body)));
        Assert.True(_receiver.Arrivals.Count > before);
        var schema = Contract.Document["webhooks"]!["order_event"]!["post"]!["requestBody"]!["content"]!["application/cloudevents+json"]!["schema"]!;
        Assert.All(Told(_receiver.Arrivals, orders[0]), arrival => Assert.Empty(SchemaCheck.Faults(schema, arrival.Event)));
        var shown = await Eventually.AsyncOf(() => _api.GetAsync("/v1/webhooks/" + made.Id()), answer => answer.Text("state") == "well" && (int)answer["lag_s"] == 0 && (int)answer["waiting"] == 0, "it is up to date");
        Assert.NotNull(shown["last_success_at"]);
        var attempts = await Eventually.AsyncOf(() => _api.GetAsync($"/v1/webhooks/{made.Id()}/deliveries"), answer => answer["data"].AsArray().Count > 0, "what was tried is shown");
        Assert.All(attempts["data"].AsArray(), attempt => Assert.Equal("delivered", (string)attempt!["outcome"]!));
    }

    [Fact]
    public async Task The_sample_prints_what_it_is_told()
    {
        var address = $"http://127.0.0.1:{FreePort.Find()}/";
        var made = await _api.PostAsync("/v1/webhooks", $$"""{"url":"{{address}}","events":["order.confirmed.v1"]}""", "hook");
        var lines = new ConcurrentQueue<string>();
        await using var sample = new ChildProcess(Sample(made.Text("secret"), address), lines.Enqueue);
        await Eventually.Async(async () => (bool)(await _api.PostAsync($"/v1/webhooks/{made.Id()}/test", "{}", Guid.NewGuid().ToString()))["delivered"], "the sample takes a ping");
        Assert.Equal(201, (await _api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status);
        Assert.Equal(200, (await _api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 10), "receipt")).Status);
        var order = (await _api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), "order")).Id();
        await Eventually.Async(() => Task.FromResult(lines.Any(line => line.StartsWith($"order.confirmed.v1 {order} ", StringComparison.Ordinal))), "the order's confirmation is printed");
        using var nobody = new HttpClient();
        Assert.Equal(401, (int)(await nobody.PostAsync(address, new StringContent("{}"))).StatusCode);
    }

    private static ProcessStartInfo Sample(string secret, string address)
    {
        var tests = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        const string name = "Millrace.Samples.ReceiveWebhooks";
        return new ProcessStartInfo(Path.Combine(tests.Parent!.Parent!.FullName, name, tests.Name, name), ["--urls", address]) { Environment = { ["MILLRACE_WEBHOOK_SECRET"] = secret } };
    }

    private static bool IsConfirmed(IReadOnlyList<Arrival> arrivals, string order) => Told(arrivals, order).Exists(arrival => (string)arrival.Event["type"]! == "order.confirmed.v1");

    // The first time that each came; pings are of no order.
    private static List<Arrival> Told(IReadOnlyList<Arrival> arrivals, string order) =>
        [.. arrivals.Where(arrival => (string?)arrival.Event["subject"] == order).DistinctBy(arrival => arrival.Id)];
}
