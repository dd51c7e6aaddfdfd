using Millrace.Cli.Serve;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cluster.Orleans;
using Millrace.Domain.Identity;
using Millrace.Tests.Operating;
using Millrace.Tests.Storage;
using Millrace.Tests.Storage.Postgres;
using Npgsql;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>Two real nodes over a real database, looked after from the command line.</summary>
[Collection(OwnProcesses.Name)]
public sealed class ClusterCommandTests(PostgresFixture postgres) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_node_is_drained_and_let_in_again_and_the_format_is_raised_when_all_can_read_it()
    {
        var database = await postgres.NewDatabaseAsync();
        var operators = NewKey.OfDatabase(database, "acme", Scopes.SystemOperate);
        var merchants = NewKey.OfDatabase(database, "acme", Scopes.Admin);
        // As a store that an earlier version made.
        await using (var source = NpgsqlDataSource.Create(database))
        {
            await using var command = source.CreateCommand("UPDATE store SET payload_format = payload_format - 1");
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        }

        var urls = new[] { $"http://127.0.0.1:{FreePort.Find()}", $"http://127.0.0.1:{FreePort.Find()}" };
        await using var a = Node("a", urls[0]);
        await using var b = Node("b", urls[1]);
        await UntilAsync(a, b, nodes => nodes.Count == 2 && nodes.All(n => Partitions(n) > 0 && (string?)n["version"] == NodeVersions.Own) && nodes.Sum(Partitions) == 64, "both own partitions, and say what they run");

        Assert.Equal(0, (await RunAsync(urls[1], operators, "drain", "a")).Exit);
        await UntilAsync(a, b, nodes => Partitions(nodes[0]) == 0 && Partitions(nodes[1]) == 64 && (bool)nodes[0]["drained"]!, "a owns nothing");
        // Somebody has to own them.
        Assert.Equal(1, (await RunAsync(urls[1], operators, "drain", "b")).Exit);
        // It goes on answering, through the owner.
        using (var client = new ApiClient(new Uri(urls[0]), merchants))
            await Eventually.Async(async () => (await client.GetAsync("/v1/orders/" + OrderId.Create(1_700_000_000_000, 3, 1))).Status == 404, "a asks b", Patience);
        // What a knows of b's partitions it learns with its next question to the directory.
        await Eventually.Async(
            async () => (await RunAsync(urls[0], operators, "partitions", "-o", "ndjson")).Output.Count(line => line.Contains("\"node\":\"b\"", StringComparison.Ordinal)) == 64,
            "a knows that b owns everything", Patience);

        Assert.Equal(0, (await RunAsync(urls[0], operators, "undrain", "a")).Exit);
        await UntilAsync(a, b, nodes => Partitions(nodes[0]) > 0 && nodes.Sum(Partitions) == 64, "a owns partitions again");
        using var shop = new ApiClient(new Uri(urls[1]), merchants);
        Assert.Empty(await ConfirmedEventsAsync(shop, "before"));
        // A node that is slow to answer counts as behind: then the command fails, and is run again.
        var raised = await Eventually.AsyncOf(() => RunAsync(urls[0], operators, "raise-format", "-o", "ndjson"), answer => answer.Exit == 0, "all can read the newest format", Patience);
        Assert.Equal((Millrace.Engine.Codec.PayloadFormat.Newest, 0), ((int)raised.Last["payload_format"]!, raised.Last["behind"]!.AsArray().Count));

        // Each partition is claimed again for it, and tells from then on whose its decisions are.
        await Eventually.AsyncOf(() => EarlierAsync(urls), left => left == 0, "all write the new format", Patience);
        Assert.Single(await ConfirmedEventsAsync(shop, "after"));

        Assert.Equal(4, (await RunAsync(urls[0], operators, "drain", "nobody")).Exit);
        // What all tenants share is not for one of them.
        Assert.Equal(5, (await RunAsync(urls[0], merchants, "nodes")).Exit);

        ChildProcess Node(string name, string url) => new(MillraceExecutable.With(
            "serve", "--postgres", database, "--node-name", name, "--cluster", $"127.0.0.1:{FreePort.Find()}", "--urls", url));

        Task UntilAsync(ChildProcess one, ChildProcess other, Func<List<JsonNode>, bool> isDone, string claim) => Eventually.AsyncOf(
            async () =>
            {
                if (one.HasExited || other.HasExited)
                    throw new InvalidOperationException(one.Words + other.Words);
                var (_, output, _) = await RunAsync(urls[1], operators, "nodes", "-o", "ndjson");
                return output.Select(line => JsonNode.Parse(line)!).ToList();
            },
            nodes => nodes.Count == 2 && isDone(nodes), claim, Patience);
    }

    // Of both nodes.
    private static async Task<int> EarlierAsync(string[] urls)
    {
        using var http = new HttpClient();
        var shown = await Task.WhenAll(urls.Select(url => http.GetStringAsync(new Uri($"{url}/metrics"))));
        return (int)shown.Sum(text => Exposition.Read(text).Sum("millrace_partitions_earlier_format"));
    }

    /// <summary>Of an order that is placed for it, once that is confirmed.</summary>
    private static async Task<List<JsonNode>> ConfirmedEventsAsync(ApiClient shop, string key)
    {
        // A partition that is on its way answers for nobody for a moment.
        await Eventually.AsyncOf(() => shop.SendAsync("PUT", "/v1/items/MUG", Bodies.Item()), answer => answer.Status is 200 or 201, "there is an item", Patience);
        await Eventually.AsyncOf(() => shop.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 10), $"stock-{key}"), answer => answer.Status == 200, "there is stock", Patience);
        var order = (await Eventually.AsyncOf(() => shop.PlaceAsync(Bodies.Order("MUG").ToJsonString(), key), answer => answer.Status == 202, "it is placed", Patience)).Id();
        await Eventually.AsyncOf(() => shop.GetAsync("/v1/orders/" + order), answer => answer.Text("status") == "confirmed", "it is confirmed", Patience);
        var told = new List<JsonNode>();
        for (string? cursor = null; ;)
        {
            var page = await shop.GetAsync("/v1/events?type=order.confirmed.v1" + (cursor is null ? "" : "&after=" + Uri.EscapeDataString(cursor)));
            Assert.Equal(200, page.Status);
            told.AddRange(page["data"].AsArray().Select(one => one!).Where(one => (string?)one["subject"] == order));
            cursor = page.Text("next_cursor");
            if (!(bool)page["has_more"]!)
                return told;
        }
    }

    private static int Partitions(JsonNode node) => (int)node["partitions"]!;

    private static async Task<(int Exit, List<string> Output, JsonNode Last)> RunAsync(string url, string key, params string[] arguments)
    {
        await using var process = new ChildProcess(MillraceExecutable.With(["cluster", .. arguments, "--url", url, "--key", key]));
        var exit = await process.ExitAsync(Patience);
        return (exit, [.. process.Output], process.Output.LastOrDefault() is { } last && last.StartsWith('{') ? JsonNode.Parse(last)! : new JsonObject());
    }
}
