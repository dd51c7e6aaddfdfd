using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Xml.Linq;
using Millrace.Api.Edge;
using Millrace.Cli.Bench.Load;
using Millrace.Cli.Bench.Overload;
using Xunit;

namespace Millrace.Tests.Cli;

/// <summary>What the bench of an overload does and reads, without a server of ours.</summary>
public sealed class OverloadTests
{
    private static readonly OverloadResult Result = new(
        1_000, new(1.6, 0.4),
        [new(1, 1_000, 990, new(990, 0, 0, 0, 5, 40, 50), new(1.5, 0.5)), new(10, 10_000, 920, new(950, 400, 8_000, 2, 60, 180, 900), new(1.28, 0.7))],
        3, new(500, 0, 0, 0, 5, 15, 20), new(450, 30, 20, 1, 5, 16, 21), 49, 50,
        [new(0, 500, 500, 0, 0, 12), new(1, 10_000, 950, 400, 2, 180), new(2, 500, 500, 0, 0, 14)]);

    [Fact]
    public void The_worst_step_counts()
    {
        Assert.Equal(0.92, Result.GoodputRatio, 6);
        // 990 / 1.5 of 1,000 / 1.6; the callers took the rest.
        Assert.Equal(1.056, Result.GoodputPerCpuRatio, 6);
        Assert.Equal(180, Result.AcceptedP99Ms);
        Assert.Equal(0.05, Result.OthersP99Increase!.Value, 6);
    }

    [Fact]
    public void What_was_refused_given_up_or_failed_stands_beside_the_percentiles_of_the_accepted()
    {
        var (first, second) = (new Second(), new Second());
        for (var i = 0; i < 99; i++)
            first.Accept(TimeSpan.FromMilliseconds(10), TimeSpan.FromMilliseconds(20));
        second.Accept(TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(900));
        first.Refuse();
        second.Limit();
        second.Limit();
        second.Fail();
        first.GiveUp(7);
        var seen = Seen.Of([first, second]);
        Assert.Equal((50, 1.5, 3.5, 1), (seen.Accepted, seen.Refused, seen.GivenUp, seen.Failed));
        // To the histogram's two digits.
        Assert.Equal((10, 10, 20), (Math.Round(seen.P50Ms!.Value), Math.Round(seen.P99Ms!.Value), Math.Round(seen.SinceDueP99Ms!.Value)));
    }

    [Fact]
    public void Where_nothing_was_accepted_there_is_no_percentile()
    {
        var second = new Second();
        second.Refuse();
        var seen = Seen.Of([second]);
        Assert.Equal((0, 1, null, null), (seen.Accepted, seen.Refused, seen.P99Ms, seen.SinceDueP99Ms));
        Assert.Null((Result with { Noisy = seen }).OthersP99Increase);
    }

    [Fact]
    public void A_run_in_which_a_request_failed_is_no_success()
    {
        Assert.True(Result.IsGood);
        Assert.False((Result with { Failed = 1 }).IsGood);
        Assert.False((Result with { Violations = 1 }).IsGood);
    }

    [Fact]
    public void The_report_tells_of_failures_in_every_step_and_of_the_others_in_both_phases()
    {
        var json = new OverloadReport(new OverloadSettings(TimeSpan.FromSeconds(10), 4_000, true, null), Result with { Failed = 3 }, "millrace serve", "durable").ToJson();
        Assert.Equal(3, (long)json["failed"]!);
        Assert.Equal([0, 2], json["steps"]!.AsArray().Select(step => (long)step!["failed"]!));
        foreach (var (name, alone, beside) in new[] { ("accepted_per_s", 500, 450), ("refused_per_s", 0, 30), ("given_up_per_s", 0, 20), ("failed", 0, 1) })
            Assert.Equal([alone, beside], json["others_" + name]!.AsArray().Select(figure => (double)figure!));
    }

    [Fact]
    public void All_callers_and_the_noisy_tenant_s_fit_the_servers_limit()
    {
        Assert.Equal(ServerLimits.MaxConnections, OverloadSettings.MostConnections);
        Assert.InRange(OverloadSettings.MostCallers + (OverloadSettings.MostCallers / OverloadSettings.Tenants), 10_000, ServerLimits.MaxConnections - 500);
    }

    [Fact]
    public void The_picture_has_a_point_of_every_second_in_every_line()
    {
        var lines = XDocument.Parse(OverloadPlot.Render(Result)).Descendants().Where(e => e.Name.LocalName == "polyline").ToList();
        Assert.Equal(4, lines.Count);
        Assert.All(lines, line => Assert.Equal(3, line.Attribute("points")!.Value.Split(' ').Length));
    }

    [Fact]
    public void An_answer_says_when_to_come_back()
    {
        Assert.Equal(TimeSpan.FromSeconds(3), RawConnection.RetryAfter("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"u8));
        Assert.Null(RawConnection.RetryAfter("HTTP/1.1 202 Accepted\r\nContent-Length: 17\r\n\r\nRetry-After: 3\r\n "u8));
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 20)]
    public async Task Who_is_refused_comes_back_when_it_was_told_or_at_once(bool heedsRetryAfter, int atLeast)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var over = new CancellationTokenSource();
        var second = new Second();
        var callers = new Callers(
            new Uri($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"), "key", 1, heedsRetryAfter, () => second) { Rate = double.PositiveInfinity };
        var running = callers.RunAsync(over.Token);
        using var caller = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        var keys = new List<string>();
        // Until it has asked as often as who does not wait would soon have, or has been silent: Retry-After is longer than the silence.
        while (keys.Count < atLeast + 1 && await NextAsync(caller, heedsRetryAfter ? TimeSpan.FromMilliseconds(300) : TimeSpan.FromSeconds(20)) is { } key)
        {
            keys.Add(key);
            await caller.SendAsync("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 600\r\nContent-Length: 0\r\n\r\n"u8.ToArray());
        }

        await over.CancelAsync();
        await running;
        Assert.Equal(heedsRetryAfter ? 1 : atLeast + 1, keys.Count);
        Assert.True(second.Refused >= atLeast);
        // Three attempts of an order have one key.
        if (!heedsRetryAfter)
            Assert.All(keys.Take(atLeast - (atLeast % 3)).Chunk(3), attempts => Assert.Single(attempts.Distinct(StringComparer.Ordinal)));
    }

    /// <returns>The key of the next request; null when none came in time.</returns>
    private static async Task<string?> NextAsync(Socket caller, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        var buffer = new byte[4096];
        try
        {
            var count = await caller.ReceiveAsync(buffer, limit.Token);
            var head = Encoding.ASCII.GetString(buffer, 0, count);
            return head.Split("Idempotency-Key: ")[1].Split("\r\n")[0];
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
