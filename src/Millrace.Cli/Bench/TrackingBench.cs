using System.Net;
using System.Text.Json.Nodes;
using HdrHistogram;
using Millrace.Cli.Bench.Load;
using Millrace.Cli.Children;
using Millrace.Cli.Client;
using Millrace.Cli.Orders;
using Millrace.Cli.Replay;

namespace Millrace.Cli.Bench;

/// <param name="Orders">That are tracked.</param>
/// <param name="Viewers">Of each: as many requests.</param>
/// <param name="Connections">At a time.</param>
internal sealed record TrackingSettings(int Orders, int Viewers, int Connections);

/// <summary>Many people follow a few orders, through the shared cache that ships; then the orders change, one after another, and it is measured when that is seen.</summary>
internal sealed class TrackingBench : IAsyncDisposable
{
    private const int MostChanges = 20;
    private const string ReadsName = "millrace_cache_reads_total";
    private const string Sku = "sku-00001";
    // What a scrape shows may be this old.
    private static readonly TimeSpan ScrapeAge = TimeSpan.FromMilliseconds(400);
    private readonly TrackingSettings _settings;
    private readonly VarnishServer _varnish = new();
    private readonly HttpClient _public;
    private BenchServer? _server;
    private MillraceClient? _merchant;

    private TrackingBench(TrackingSettings settings)
    {
        _settings = settings;
        _public = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = settings.Connections }) { BaseAddress = _varnish.Url };
    }

    public static async Task<TrackingBench> StartAsync(TrackingSettings settings, CancellationToken cancellation)
    {
        var bench = new TrackingBench(settings);
        try
        {
            bench._server = await BenchServer.StartAsync(new PlaceSettings("sqlite", TimeSpan.FromSeconds(1), settings.Connections, null, false, null, false, null,
                More: ["--purge-url", bench._varnish.PurgeUrl.ToString()]), cancellation);
            await bench._varnish.StartAsync(bench._server.Url.Port, whileRevalidating: null, cancellation);
            bench._merchant = new MillraceClient(bench._server.Url, bench._server.ApiKey);
            return bench;
        }
        catch
        {
            await bench.DisposeAsync();
            throw;
        }
    }

    public async Task<JsonObject> RunAsync(CancellationToken cancellation)
    {
        var orders = await PlaceAsync(cancellation);
        await UntilPurgesWorkAsync(orders[0].Url, cancellation);
        var before = await ReadsAsync(cancellation);
        var (requests, failed, hits, elapsed, latency) = await StormAsync([.. orders.Skip(1)], cancellation);
        var origin = await ReadsAsync(cancellation) - before;
        var purges = await ChangeAsync([.. orders.Skip(1).Take(MostChanges)], cancellation);
        return new JsonObject
        {
            ["scenario"] = "tracking",
            ["objects"] = _settings.Orders,
            ["viewers_each"] = _settings.Viewers,
            ["requests"] = requests,
            ["failed"] = failed,
            ["hit_ratio"] = Math.Round((double)hits / requests, 5),
            ["origin_requests"] = origin,
            ["seconds"] = Math.Round(elapsed.TotalSeconds, 2),
            ["requests_per_second"] = Math.Round(requests / elapsed.TotalSeconds),
            ["p50_ms"] = Math.Round(latency.GetValueAtPercentile(50) / 1_000.0, 2),
            ["p99_ms"] = Math.Round(latency.GetValueAtPercentile(99) / 1_000.0, 2),
            ["change_seen_max_ms"] = Math.Round(purges.Max()),
            ["processor"] = Machine.Processor,
            ["cores"] = Machine.Cores,
            ["kernel"] = Machine.Kernel,
            ["command"] = _server!.CommandLine,
        };
    }

    public async ValueTask DisposeAsync()
    {
        _merchant?.Dispose();
        _public.Dispose();
        if (_server is not null)
            await _server.DisposeAsync();
        await _varnish.DisposeAsync();
    }

    // One more than are stormed: by it is seen that purges work.
    private async Task<List<(string Id, string Url)>> PlaceAsync(CancellationToken cancellation)
    {
        await _merchant!.PutAsync(ItemsCommand.ItemPath(Sku), ItemsCommand.Render("Item 1", 1_000, BenchBody.Currency, null), cancellation);
        await _merchant.PostAsync(StockCommand.AdjustmentsPath, StockCommand.Render(Sku, CatalogLoading.Location, 1_000_000, "bench"), "bench:stock", cancellation);
        var body = BenchBody.Render(new Random(1), isHot: true);
        var orders = new List<(string, string)>();
        for (var i = 0; i <= _settings.Orders; i++)
        {
            var placed = await _merchant.SendAsync(new ApiRequest(HttpMethod.Post, "/v1/orders", body, $"bench:track:{i}", "wait=30"), cancellation);
            orders.Add((placed.Body.GetProperty("id").GetString()!, placed.Body.GetProperty("tracking_url").GetString()!));
        }

        return orders;
    }

    // Varnish began after the server.
    private async Task UntilPurgesWorkAsync(string url, CancellationToken cancellation)
    {
        using var origin = new HttpClient { BaseAddress = _server!.Url };
        while (true)
        {
            using var answer = await origin.GetAsync(new Uri(url, UriKind.Relative), cancellation);
            if (answer.Headers.CacheControl?.SharedMaxAge > answer.Headers.CacheControl?.MaxAge)
                return;
            await Task.Delay(100, cancellation);
        }
    }

    private async Task<double> ReadsAsync(CancellationToken cancellation)
    {
        await Task.Delay(ScrapeAge, cancellation);
        return await _server!.CountAsync(ReadsName, "cache", "tracking", cancellation);
    }

    private async Task<(long Requests, long Failed, long Hits, TimeSpan Elapsed, HistogramBase Latency)> StormAsync((string Id, string Url)[] orders, CancellationToken cancellation)
    {
        var latency = new LongConcurrentHistogram(1, 60_000_000, 3);
        long failed = 0, hits = 0;
        var requests = (long)orders.Length * _settings.Viewers;
        var startedAt = TimeProvider.System.GetTimestamp();
        await Parallel.ForAsync(0L, requests, new ParallelOptions { MaxDegreeOfParallelism = _settings.Connections, CancellationToken = cancellation }, async (number, token) =>
        {
            var askedAt = TimeProvider.System.GetTimestamp();
            using var answer = await _public.GetAsync(new Uri(orders[number % orders.Length].Url, UriKind.Relative), token);
            latency.RecordValue(Math.Max(1, TimeProvider.System.GetElapsedTime(askedAt).Ticks / 10));
            if (answer.StatusCode != HttpStatusCode.OK)
                Interlocked.Increment(ref failed);
            else if (answer.Headers.GetValues("Cache-Status").Any(status => status.Contains("varnish; hit", StringComparison.Ordinal)))
                Interlocked.Increment(ref hits);
        });
        return (requests, failed, hits, TimeProvider.System.GetElapsedTime(startedAt), latency);
    }

    /// <returns>Milliseconds from the answer to each change until the public sees it.</returns>
    private async Task<List<double>> ChangeAsync((string Id, string Url)[] orders, CancellationToken cancellation)
    {
        var seen = new List<double>();
        foreach (var (id, url) in orders)
        {
            await _merchant!.PostAsync($"/v1/orders/{id}/cancel", "{}"u8.ToArray(), "bench:cancel:" + id, cancellation);
            var changedAt = TimeProvider.System.GetTimestamp();
            while (!(await _public.GetStringAsync(new Uri(url, UriKind.Relative), cancellation)).Contains("\"canceled\"", StringComparison.Ordinal))
                await Task.Delay(5, cancellation);
            seen.Add(TimeProvider.System.GetElapsedTime(changedAt).TotalMilliseconds);
        }

        return seen;
    }
}
