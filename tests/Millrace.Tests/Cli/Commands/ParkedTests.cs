using System.Diagnostics;
using Millrace.Cli.Client;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

public sealed class ParkedTests(ParkedServer server) : IClassFixture<ParkedServer>
{
    [Fact]
    public async Task Parked_orders_come_in_groups_with_how_many_since_when_and_why()
    {
        var groups = (await RunAsync(0, "parked", "list", "-o", "ndjson")).Rows;
        Assert.Equal([("answer_set_aside", 4, "ord_1"), ("poison", 4, "ord_2")], groups.Select(g => ((string)g["code"]!, (int)g["orders"]!, (string)g["sample"]!)));
        Assert.Equal(("2026-01-31T12:00:02.000Z", "2026-01-31T12:00:08.000Z", "Why poison."), ((string)groups[1]["first"]!, (string)groups[1]["last"]!, (string)groups[1]["detail"]!));
        Assert.Equal(8, (await RunAsync(0, "parked", "list", "--orders", "-o", "json")).Json.AsArray().Count);
        var some = await RunAsync(0, "parked", "list", "--limit", "4", "-o", "ndjson");
        Assert.Equal(4, some.Rows.Sum(g => (int)g["orders"]!));
        Assert.Contains("more than the 4", some.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_is_retried_oldest_first_each_once_and_each_with_its_outcome()
    {
        server.Resumed.Clear();
        var dry = await RunAsync(1, "parked", "retry", "--code", "answer_set_aside", "--dry-run", "-o", "ndjson");
        Assert.Equal(["would_resume", "would_be_refused", "would_resume", "would_resume"], dry.Rows.Select(r => (string)r["outcome"]!));
        Assert.Empty(server.Resumed);
        var run = await RunAsync(Acting.Failed, "parked", "retry", "--code", "answer_set_aside", "--rate", "1000", "--reason", "mended", "-o", "ndjson");
        Assert.Equal([("ord_1", "resumed"), (ParkedServer.Refused, "not_parked"), ("ord_5", "resumed"), ("ord_7", "resumed")], run.Rows.Select(r => ((string)r["id"]!, (string)r["outcome"]!)));
        Assert.Equal(["ord_1", "ord_5", "ord_7"], server.Resumed.Select(r => r.Id));
        Assert.Equal(3, server.Resumed.Select(r => r.Key).Where(key => key.Length > 0).Distinct(StringComparer.Ordinal).Count());
        // How far it is goes to standard error.
        Assert.Contains("orders: 4 of 4", run.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_group_that_is_not_there_is_told_as_that()
    {
        server.Resumed.Clear();
        Assert.Contains("'nonsense'", (await RunAsync(Acting.NotFound, "parked", "retry", "--code", "nonsense")).Errors, StringComparison.Ordinal);
        await RunAsync(Acting.NotFound, "parked", "retry", "--code", "a&b=c", "--dry-run");
        Assert.Empty(server.Resumed);
    }

    [Fact]
    public async Task It_goes_no_faster_than_it_is_told()
    {
        await RunAsync(Acting.Usage, "parked", "retry", "--all", "--rate", "1001");
        var began = Stopwatch.GetTimestamp();
        var run = await RunAsync(0, "parked", "retry", "ord_2", "ord_4", "ord_6", "--rate", "20", "-o", "ndjson");
        Assert.Equal(3, run.Rows.Count);
        // Two waits of 50 ms, of which the timer may have begun one a little before.
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromMilliseconds(90));
    }

    [Fact]
    public async Task A_key_that_may_not_retry_is_told_so_before_anything_is_done()
    {
        server.Scopes = ["orders:read"];
        try
        {
            server.Resumed.Clear();
            await RunAsync(Acting.NotAllowed, "parked", "retry", "--all", "--dry-run");
            Assert.Empty(server.Resumed);
        }
        finally
        {
            server.Scopes = ["admin"];
        }
    }

    private Task<CliRun> RunAsync(int exit, params string[] arguments) => CliRun.OfAsync(exit, [.. arguments, "--url", server.Url, "--key", "k"]);
}
