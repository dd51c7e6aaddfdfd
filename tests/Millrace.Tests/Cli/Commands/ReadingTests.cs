using System.Text.Json.Nodes;
using Millrace.Cli.Client;
using Millrace.Tests.EndToEnd;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

[Collection(CliServers.Name)]
public sealed class ReadingTests(CliServer server)
{
    [Fact]
    public async Task Everything_that_is_read_is_a_table_a_document_or_lines_of_json()
    {
        var order = await server.NewOrderAsync();
        var sku = (string)(await server.RunAsync(0, "orders", "get", order, "-o", "json")).Json["lines"]![0]!["sku"]!;
        await Eventually.AsyncOf(() => server.RunAsync(0, "orders", "list", "--customer", "c-1", "-o", "json"), run => run.Json.AsArray().Count > 0, "the list has the order");
        await Eventually.AsyncOf(() => server.RunAsync(0, "overview", "-o", "json"), run => run.Json.AsArray().Count > 0, "the first second is over");
        (string[] Command, string Column)[] lists =
        [
            (["orders", "list"], "external_id"), (["orders", "events", order], "version"), (["stock", "get", sku, sku], "on_hand"), (["cluster", "nodes"], "address"),
            (["cluster", "partitions"], "partition"), (["audit", "list"], "actor.name"), (["overview", "--seconds", "5"], "accept_ms.p99"), (["parked", "list"], "sample"),
            (["keys", "list", "--data", server.DataDirectory], "expires_at"), (["items", "list", "--prefix", sku[..2]], "backorder_limit"),
        ];
        foreach (var (command, column) in lists)
        {
            var rows = (await RunAsync([.. command, "-o", "json"])).Json.AsArray();
            var lines = (await RunAsync([.. command, "-o", "ndjson"])).Rows;
            Assert.All(lines, line => Assert.IsType<JsonObject>(line));
            Assert.True(rows.Count > 0 == lines.Count > 0 && (rows.Count > 0 || command[0] == "parked"), string.Join(' ', command));
            Assert.Contains($" {column} ", (await RunAsync(command)).Output, StringComparison.Ordinal);
        }

        foreach (string[] command in new string[][] { ["orders", "get", order], ["items", "get", sku], ["tenants", "limits", "get", "acme"] })
        {
            Assert.True(JsonNode.DeepEquals((await RunAsync([.. command, "-o", "json"])).Json, Assert.Single((await RunAsync([.. command, "-o", "ndjson"])).Rows)));
            Assert.Contains("field", (await RunAsync(command)).Output, StringComparison.Ordinal);
        }

        Task<CliRun> RunAsync(string[] command) => command[0] == "keys" ? CliRun.OfAsync(0, command) : server.RunAsync(0, command);
    }

    [Fact]
    public async Task A_list_goes_on_over_its_pages_until_it_has_what_was_asked_for()
    {
        // The audit log is read whole, in pages of 200.
        var key = (await CliRun.OfAsync(0, "keys", "create", "--data", server.DataDirectory, "--tenant", "acme", "--name", "paged", "--scopes", "admin")).Output.Trim();
        var all = (await server.RunAsync(0, "audit", "list", "-o", "ndjson")).Rows;
        Assert.True(all.Count >= 3);
        Assert.Equal(all.Skip(1).Take(1).Select(e => (long)e["seq"]!), (await server.RunAsync(0, "audit", "list", "--after", "1", "--limit", "1", "-o", "ndjson")).Rows.Select(e => (long)e["seq"]!));
        Assert.DoesNotContain(key, string.Concat(all), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_watch_of_an_order_shows_each_version_and_ends_with_the_order()
    {
        var order = await server.NewOrderAsync();
        var watch = CliRun.Start(TestContext.Current.CancellationToken, "orders", "watch", order, "--every", "0.05", "--url", server.Url, "--key", server.Key);
        var tail = CliRun.Start(TestContext.Current.CancellationToken, "events", "tail", order, "--every", "0.05", "--url", server.Url, "--key", server.Key);
        await Eventually.Async(() => Task.FromResult(watch.Output.Contains('\n', StringComparison.Ordinal) && tail.Output.Contains("order.placed", StringComparison.Ordinal)), "both show what is there");
        using var stop = new CancellationTokenSource();
        var stopped = CliRun.Start(stop.Token, "orders", "watch", order, "--every", "0.05", "--url", server.Url, "--key", server.Key);
        await Eventually.Async(() => Task.FromResult(stopped.Output.Contains('\n', StringComparison.Ordinal)), "it watches");
        await stop.CancelAsync();
        Assert.Equal(Acting.Stopped, await stopped.EndAsync());
        await server.RunAsync(0, "orders", "cancel", order, "--reason", "test");
        Assert.Equal((0, 0), (await watch.EndAsync(), await tail.EndAsync()));
        Assert.Equal("canceled", (string)watch.Rows[^1]["status"]!);
        Assert.Equal(watch.Rows.Count, watch.Rows.Select(row => row.ToJsonString()).Distinct(StringComparer.Ordinal).Count());
        // Every event once, in order.
        var versions = tail.Rows.Select(row => (int)row["version"]!).ToList();
        Assert.Equal(Enumerable.Range(1, versions.Count), versions);
        Assert.Equal(0, (await server.RunAsync(0, "orders", "watch", order, "--until", "canceled")).Exit);
        Assert.Equal(1, (await server.RunAsync(1, "orders", "watch", order, "--until", "completed")).Exit);
    }

    [Fact]
    public async Task Without_an_order_the_events_of_all_are_followed_from_where_it_is_said_until_it_is_stopped()
    {
        var before = await server.NewOrderAsync();
        using var stop = new CancellationTokenSource();
        var tail = CliRun.Start(stop.Token, "events", "tail", "--from", "start", "--type", "order.placed.v1", "-o", "ndjson", "--every", "0.05", "--url", server.Url, "--key", server.Key);
        await Eventually.Async(() => Task.FromResult(tail.Output.Contains(before, StringComparison.Ordinal)), "what was before");
        var after = await server.NewOrderAsync();
        await Eventually.Async(() => Task.FromResult(tail.Output.Contains(after, StringComparison.Ordinal)), "what comes");
        await stop.CancelAsync();
        Assert.Equal(0, await tail.EndAsync());
        Assert.All(tail.Rows, row => Assert.Equal("order.placed.v1", (string)row["type"]!));

        var next = await server.NewOrderAsync();
        var on = await server.RunAsync(0, "events", "tail", "--from", tail.Errors.Trim().Split(' ')[^1], "--limit", "2");
        Assert.Equal(2, on.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.Contains(next, StringComparison.Ordinal)));
        await server.RunAsync(2, "events", "tail", "--limit", "0");
        await server.RunAsync(2, "events", "tail", next, "--from", "start");
        await server.RunAsync(1, "events", "tail", "--from", "elsewhere");
    }

    [Fact]
    public async Task What_is_wanted_most_is_shown_with_how_much()
    {
        var sku = await server.NewItemAsync(100);
        await server.RunAsync(0, "orders", "place", "--line", sku + ":77", "--customer", "c");
        var demand = await server.RunAsync(0, "stock", "demand", "--limit", "200", "-o", "ndjson");
        var wanted = Assert.Single(demand.Rows, row => (string)row["sku"]! == sku);
        Assert.Equal((1, 77, 77), ((int)wanted["lines"]!, (int)wanted["units"]!, (int)wanted["units_at_most"]!));
        await server.RunAsync(1, "stock", "demand", "--limit", "0");
    }

    [Fact]
    public async Task A_watch_without_an_end_tells_only_what_is_new_and_ends_well_when_it_is_stopped()
    {
        var sku = await server.NewItemAsync(5);
        using var stop = new CancellationTokenSource();
        var watch = CliRun.Start(stop.Token, "items", "get", sku, "--watch", "--every", "0.05", "--url", server.Url, "--key", server.Key);
        await Eventually.Async(() => Task.FromResult(watch.Output.Contains("\"available\":5", StringComparison.Ordinal)), "the first reading");
        await server.RunAsync(0, "stock", "adjust", sku, "--delta", "2");
        await Eventually.Async(() => Task.FromResult(watch.Output.Contains("\"available\":7", StringComparison.Ordinal)), "the change");
        await stop.CancelAsync();
        Assert.Equal(0, await watch.EndAsync());
        Assert.Equal([5, 7], watch.Rows.Select(row => (int)row["available"]!));
    }
}
