using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(OwnProcesses.Name)]
public sealed class DiskFullTests(ITestOutputHelper output)
{
    private const int DiskMegabytes = 24;
    private const int BallastMegabytes = 8;

    // One client that does not wait has few orders under way at a time.
    private const int MostUnderWay = 8;
    private static readonly string Body = Large().ToJsonString();

    [Fact]
    public async Task A_full_disk_stops_acknowledging_keeps_reading_and_resumes_by_itself()
    {
        using var disk = new TmpfsMount(DiskMegabytes);
        var ballast = Path.Combine(disk.Path, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[BallastMegabytes << 20]);
        var settings = new ServerSettings(Path.Combine(disk.Path, "node")) { More = ["--partitions", "4"] };
        await using var server = await ServerProcess.StartAsync(settings);
        using var api = new ApiClient(settings.Address, NewKey.Of(settings, "acme", Scopes.Admin));
        await api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item());
        Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 1_000_000), "receipt")).Status);

        var told = await FillAsync(api);
        output.WriteLine($"{told.Count} orders fit");
        // An order whose next step waits for the disk is not shown: what would be shown may never become durable.
        var reads = await Task.WhenAll(told.Select(t => api.GetAsync("/v1/orders/" + t.Order)));
        Assert.InRange(reads.Count(r => r.Status != 200), 0, MostUnderWay);
        Assert.Equal(200, (await api.GetAsync("/v1/orders?limit=5")).Status);
        Assert.Equal(200, (await api.GetAsync("/livez")).Status);

        File.Delete(ballast);
        var next = $"order-{told.Count}";
        var resumed = await Eventually.AsyncOf(() => api.PlaceAsync(Body, next, "Prefer: wait=5"), a => a.Status == 201, "orders are taken again");
        told.Add((next, resumed.Id()));
        foreach (var (k, order) in told)
        {
            await Eventually.AsyncOf(() => api.GetAsync("/v1/orders/" + order), o => o.Status == 200 && o.Text("status") == "confirmed", $"{k} goes on");
            Assert.Equal((order, "true"), await RepeatAsync(api, k));
        }

        Assert.True(await server.StopAsync() == 0, server.Process.Words);
        Assert.Equal(told.Count, (await Violations.NoneAsync(settings.DataDirectory, null)).Orders);
    }

    // The first refusal ends it, unless the store found room after all: a partition that is refused twice has none.
    private static async Task<List<(string Key, string Order)>> FillAsync(ApiClient api)
    {
        var told = new List<(string, string)>();
        for (var refusals = 0; refusals < 3;)
        {
            var key = $"order-{told.Count}";
            var answer = await api.PlaceAsync(Body, key);
            if (answer.Status == 202)
            {
                refusals = 0;
                told.Add((key, answer.Id()));
                continue;
            }

            refusals++;
            answer.Problem(503, "unavailable");
            Assert.Equal("1", answer.Header("Retry-After"));
        }

        return told;
    }

    private static async Task<(string Order, string? Replayed)> RepeatAsync(ApiClient api, string key)
    {
        var answer = await Eventually.AsyncOf(() => api.PlaceAsync(Body, key), a => a.Status == 202, "the repeat is answered");
        return (answer.Id(), answer.Header("Idempotent-Replayed"));
    }

    private static JsonObject Large()
    {
        var metadata = new JsonObject();
        for (var i = 0; i < 50; i++)
            metadata[$"note-{i}"] = new string((char)('a' + (i % 26)), 500);
        return Bodies.Order("MUG").With("metadata", metadata);
    }
}
