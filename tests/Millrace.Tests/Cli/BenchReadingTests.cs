using System.Text;
using System.Text.Json;
using Millrace.Cli.Bench;
using Millrace.Cli.Bench.Load;
using Millrace.Cli.Bench.Metrics;
using Xunit;

namespace Millrace.Tests.Cli;

public sealed class BenchReadingTests
{
    private const string WrkPrinted = """
        Running 8s test @ http://127.0.0.1:18080/v1/orders
          1 threads and 256 connections
        Requests/sec:  14805.13
        millrace-wrk requests=118441 duration_us=8000013 connect=0 read=1 write=0 status=7 timeout=2 p50_us=16402 p99_us=48110 p999_us=90417 max_us=120999

        """;

    private const string Exposition = """
        # TYPE millrace_orders_placed_total counter
        millrace_orders_placed_total{otel_scope_name="Millrace.Api",outcome="accepted"} 120 1764000000000
        millrace_orders_placed_total{otel_scope_name="Millrace.Api",outcome="replayed"} 5
        millrace_orders_settled_total{status="confirmed"} 90
        millrace_orders_settled_total{status="rejected"} 10
        millrace_order_settle_duration_seconds_bucket{status="confirmed",le="0.01"} 0
        millrace_order_settle_duration_seconds_bucket{status="confirmed",le="0.02"} 50
        millrace_order_settle_duration_seconds_bucket{status="confirmed",le="0.04"} 90
        millrace_order_settle_duration_seconds_bucket{status="confirmed",le="+Inf"} 90
        millrace_order_settle_duration_seconds_bucket{status="rejected",le="+Inf"} 10
        dotnet_gc_pause_time_seconds_total 1.5
        odd{path="a\"b\\c,}\n d",le="x"} NaN
        """;

    [Fact]
    public void The_line_of_wrk_tells_requests_failures_and_percentiles()
    {
        var result = WrkOutput.Parse(WrkPrinted);
        Assert.Equal((118_441, 10, 7, 3), (result.Requests, result.Failed, result.Refused, result.Unanswered));
        Assert.Equal("all answers", result.LatencyOf);
        Assert.Equal(new Latency(16.402, 48.110, 90.417, 120.999), result.Latency);
        Assert.Equal(14805.1, result.PerSecond, 0.1);
    }

    [Fact]
    public void Without_the_line_wrk_has_failed() =>
        Assert.Contains("unable to connect", Assert.Throws<InvalidDataException>(() => WrkOutput.Parse("unable to connect")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_label_may_hold_quotes_commas_and_braces()
    {
        var odd = PrometheusText.Parse(Exposition).Single(sample => sample.Name == "odd");
        Assert.Equal("a\"b\\c,}\n d", odd.Labels["path"]);
        Assert.True(double.IsNaN(odd.Value));
    }

    [Theory]
    [InlineData("name{a=\"b\" 1")]
    [InlineData("name{a=b} 1")]
    [InlineData("name{a=\"b")]
    public void What_is_no_metric_is_refused(string line) => Assert.Throws<InvalidDataException>(() => PrometheusText.Parse(line));

    [Fact]
    public void The_servers_counters_are_read_by_name_and_label()
    {
        var metrics = ServerMetrics.Parse(Exposition);
        Assert.Equal((120, 90, 100, 20), (metrics.Accepted, metrics.Confirmed, metrics.Settled, metrics.Backlog));
        Assert.Equal(TimeSpan.FromSeconds(1.5), metrics.GcPause);
        Assert.Equal(90, metrics.ConfirmSeconds.Count);
    }

    [Theory]
    [InlineData(0.5, 0.019)]
    [InlineData(0.9, 0.0355)]
    [InlineData(1, 0.04)]
    public void A_quantile_is_interpolated_within_its_bucket(double share, double seconds) =>
        Assert.Equal(seconds, ServerMetrics.Parse(Exposition).ConfirmSeconds.Quantile(share)!.Value, 6);

    [Fact]
    public void A_quantile_above_the_last_bound_is_that_bound_and_of_nothing_is_nothing()
    {
        var histogram = BucketHistogram.Of(PrometheusText.Parse("h_bucket{le=\"1\"} 1\nh_bucket{le=\"+Inf\"} 100"), "h");
        Assert.Equal(1, histogram.Quantile(0.99));
        Assert.Null(histogram.Since(histogram).Quantile(0.5));
        Assert.Null(BucketHistogram.Of([], "h").Quantile(0.5));
    }

    [Fact]
    public void A_histogram_of_a_window_is_the_difference_of_its_ends()
    {
        var (start, end) = (Histogram(10, 20), Histogram(10, 120));
        Assert.Equal((100, 1.5), (end.Since(start).Count, end.Since(start).Quantile(0.5)));

        static BucketHistogram Histogram(int one, int two) =>
            BucketHistogram.Of(PrometheusText.Parse($"h_bucket{{le=\"1\"}} {one}\nh_bucket{{le=\"2\"}} {two}\nh_bucket{{le=\"+Inf\"}} {two}"), "h");
    }

    [Theory]
    [InlineData("1 violation\n{\"violations\":3}\n", 3)]
    [InlineData("{\"violations\":0,\"orders\":5}", 0)]
    [InlineData("{\"a\":1}\n{\"violations\":[{},{}]}", 2)]
    public void Violations_are_read_from_the_last_object(string output, int count) => Assert.Equal(count, BenchServer.Violations(output));

    [Fact]
    public void A_verification_without_a_result_is_no_success() =>
        Assert.Throws<InvalidDataException>(() => BenchServer.Violations("store refused"));

    [Fact]
    public void An_answer_is_whole_once_its_body_is()
    {
        var answer = "HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\nETag: \"1\"\r\n\r\n{}"u8;
        Assert.Equal(answer.Length, RawConnection.Length(answer));
        Assert.Null(RawConnection.Length(answer[..30]));
        Assert.Equal(202, RawConnection.Status(answer));
        Assert.Throws<IOException>(() => RawConnection.Length("HTTP/1.1 200 OK\r\n\r\n"u8).ToString());
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public void An_order_of_the_bench_has_two_lines_or_the_one_hot_one(bool isHot, int lines)
    {
        using var order = JsonDocument.Parse(Encoding.UTF8.GetString(BenchBody.Render(new Random(1), isHot)));
        Assert.Equal(lines, order.RootElement.GetProperty("lines").GetArrayLength());
    }
}
