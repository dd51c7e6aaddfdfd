using System.Text.Json;
using Millrace.Cli.Bench;
using Millrace.Cli.Bench.Load;
using Millrace.Cli.Bench.Metrics;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class BenchReportTests
{
    private static readonly string[] Promised =
    [
        "scenario", "storage", "orders_per_s", "noop_per_s", "ratio_to_noop", "accept_p50_ms", "accept_p99_ms", "accept_p999_ms", "confirm_p50_ms",
        "confirm_p99_ms", "cpu_us_per_order", "rss_mb", "disk_bytes_per_order", "violations",
    ];

    [Theory]
    [InlineData(null)]
    [InlineData(10_000)]
    public void The_last_line_is_one_object_with_all_that_is_promised(int? rate)
    {
        var settings = new PlaceSettings("sqlite", TimeSpan.FromSeconds(20), 256, null, IsHot: false, rate, IsHttpPsp: false, null);
        var load = new LoadResult(1000, 7, 3, TimeSpan.FromSeconds(10), new Latency(1, 2, 3, 4), IsLatencyOfAll: rate is null);
        var result = new PlaceResult(WindowOf(0, 0, 1000, 1000), load, 500) { Noop = rate is null ? new NoopYardstick(load, load) : null };
        var line = JsonResult.ToLine(new PlaceReport(settings, result, "millrace serve", "SQLite WAL, synchronous=FULL", "ext4").ToJson());
        Assert.DoesNotContain('\n', line);
        using var parsed = JsonDocument.Parse(line);
        Assert.All(Promised, name => Assert.True(parsed.RootElement.TryGetProperty(name, out _), name));
        Assert.Equal((10, 7, 3), (Number("failed_requests"), Number("refused_requests"), Number("unanswered_requests")));
        Assert.Equal(rate is null ? "all answers" : "accepted", parsed.RootElement.GetProperty("accept_of").GetString());
        Assert.Equal(rate is null ? "place" : "place_at_10000", parsed.RootElement.GetProperty("scenario").GetString());

        int Number(string name) => parsed.RootElement.GetProperty(name).GetInt32();
    }

    [Theory]
    [InlineData(0, 1000, 1000, 1000)]
    [InlineData(500, 1000, 1400, 1000)]
    [InlineData(0, 1000, 900, 800)]
    [InlineData(0, 1000, 300, 0)]
    public void An_old_backlog_earns_nothing_and_a_new_one_costs(int backlog, int accepted, int confirmed, int counted) =>
        Assert.Equal(counted, WindowOf(backlog, 0, backlog + accepted, confirmed).Orders);

    [Theory]
    [InlineData(1000, 1090, false)]
    [InlineData(1000, 1200, true)]
    public void A_yardstick_that_moves_by_more_than_a_tenth_tells_of_a_noisy_machine(int before, int after, bool isNoisy) =>
        Assert.Equal(isNoisy, new NoopYardstick(Load(before), Load(after)).IsNoisy);

    private static LoadResult Load(int perSecond) => new(perSecond, 0, 0, TimeSpan.FromSeconds(1), default, IsLatencyOfAll: true);

    private static Window WindowOf(int acceptedBefore, int settledBefore, int acceptedAfter, int settledAfter) => new(
        new Moment(0, Metrics(acceptedBefore, settledBefore), TimeSpan.Zero, 0),
        new Moment(TimeProvider.System.TimestampFrequency * 10, Metrics(acceptedAfter, settledAfter), TimeSpan.FromMilliseconds(40), 1 << 20));

    private static ServerMetrics Metrics(int accepted, int settled) =>
        new(accepted, settled, settled, BucketHistogram.Of([], "h"), 0, 0, null);
}
