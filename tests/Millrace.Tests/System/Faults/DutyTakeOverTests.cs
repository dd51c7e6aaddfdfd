using System.Globalization;
using System.Text.Json.Nodes;
using Millrace.Api.Keys;
using Millrace.Cli.Serve;
using Millrace.Tests.Storage;
using Millrace.Tests.Storage.Postgres;
using Millrace.Tests.Webhooks;
using Xunit;

namespace Millrace.Tests.EndToEnd.Faults;

/// <summary>Two real nodes over a real database: the one that has all the duties is killed in the middle of them, and the other goes on.</summary>
public sealed class DutyTakeOverTests(PostgresFixture postgres) : IAsyncDisposable
{
    private const int Orders = 40;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly TemporaryFolder _folder = new();
    private readonly List<ChildProcess> _nodes = [];

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            await node.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_job_webhooks_and_the_comparison_go_on_at_another_node_and_leave_nothing_out()
    {
        var database = await postgres.NewDatabaseAsync();
        var key = NewKey.OfDatabase(database, "acme", Scopes.Admin | Scopes.SystemOperate, partitions: 8);
        Uri[] urls = [new($"http://127.0.0.1:{FreePort.Find()}"), new($"http://127.0.0.1:{FreePort.Find()}")];
        var port = FreePort.Find();
        // The provider tells the node that stays.
        await using var psp = await PspSimulator.StartAsync(_folder["psp"], port, new Uri(urls[1], "/v1/psp/psp/webhooks"), "a secret of the tests");
        await using var receiver = await Receiver.StartAsync();
        using var atA = new ApiClient(urls[0], key);
        using var atB = new ApiClient(urls[1], key);
        // The first takes all duties before there is another.
        var a = Start("a", database, urls[0], psp.Address);
        await UntilAsync(atA, "/v1/reconciliation", shown => (string?)shown["node"] == "a", "a compares");
        Start("b", database, urls[1], psp.Address);
        await UntilAsync(atB, "/v1/cluster/nodes", shown => shown["data"]!.AsArray().Count(node => (int)node!["partitions"]! > 0) == 2, "both own partitions");

        var orders = await PlaceAsync(atB);
        Assert.Equal(201, (await atB.PostAsync("/v1/webhooks", $$"""{"url":"{{receiver.Address}}","events":["order.closed.v1"]}""", "hook")).Status);
        var job = (await atB.PostAsync("/v1/jobs", """{"action":"cancel","query":{"customer":"c-MUG"},"rate":5}""", "cancel-all")).Id();
        await UntilAsync(atB, "/v1/jobs/" + job, shown => (int)shown["processed"]! >= 5, "some are canceled");
        Assert.Equal("a", (string?)(await atB.GetAsync("/v1/reconciliation"))["node"]);
        a.Send(Signal.Kill);
        await a.ExitAsync();

        var done = await UntilAsync(atB, "/v1/jobs/" + job, shown => (string)shown["status"]! == "done", "the job is done");
        Assert.Equal((Orders, Orders), ((int)done["processed"]!, (int)done["changed"]!));
        Assert.Equal(orders.Order(), (await atB.GetAsync($"/v1/jobs/{job}/results?limit=200"))["data"].AsArray().Select(row => (string)row!["order"]!).Order());
        var told = await Eventually.AsyncOf(() => Task.FromResult(receiver.Arrivals), arrivals => orders.IsSubsetOf(arrivals.Select(arrival => arrival.Order)), "all closed orders are told", Patience);
        Assert.All(told, arrival => Assert.Equal("order.closed.v1", (string)arrival.Event["type"]!));

        await psp.ChargeAsync("stray", "nobody", 999, "EUR");
        var compared = await UntilAsync(atB, "/v1/reconciliation", shown => (string?)shown["node"] == "b" && (int)shown["open"]! > 0 && (int)shown["unsettled"]! == 0
            // Each authorization and each void, and whatever was read once more.
            && (int)shown["matched"]! + (int)shown["looked_up"]! >= 2 * Orders, "b compares all");
        Assert.Equal((1, 1), ((int)compared["open"]!, (int)compared["open_by_kind"]!["not_requested"]!));
    }

    private ChildProcess Start(string name, string database, Uri url, Uri psp)
    {
        var start = MillraceExecutable.With(
            "serve", "--postgres", database, "--node-name", name, "--cluster", $"127.0.0.1:{FreePort.Find().ToString(CultureInfo.InvariantCulture)}", "--urls", url.ToString(),
            "--psp", psp.ToString(), "--reconcile-after", "00:00:05", "--webhooks-allow-private", "--webhooks-allow-http");
        start.Environment["MILLRACE_PSP_WEBHOOK_SECRET"] = "a secret of the tests";
        var node = new ChildProcess(start);
        _nodes.Add(node);
        return node;
    }

    private static async Task<HashSet<string>> PlaceAsync(ApiClient api)
    {
        await Eventually.Async(async () => (await api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status is 200 or 201, "there is an item", Patience);
        await Eventually.Async(async () => (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", Orders), "receipt")).Status == 200, "there is stock", Patience);
        var rows = string.Join(',', Enumerable.Range(0, Orders).Select(i => $$"""{"idempotency_key":"{{i}}","order":{{Bodies.Order("MUG").ToJsonString()}} }"""));
        var placed = await Eventually.AsyncOf(
            () => api.SendAsync("POST", "/v1/orders:batch", $"[{rows}]"), answer => answer.Status == 200 && answer["data"].AsArray().All(row => (int)row!["status"]! < 300), "all are placed", Patience);
        await Eventually.Async(async () => (await api.GetAsync("/v1/orders?status=confirmed&limit=200")) is { Status: 200 } list && list["data"].AsArray().Count == Orders, "all are confirmed and listed", Patience);
        return [.. placed["data"].AsArray().Select(row => (string)row!["order"]!["id"]!)];
    }

    private static async Task<JsonNode> UntilAsync(ApiClient api, string path, Func<JsonNode, bool> isSo, string claim) => JsonNode.Parse((await Eventually.AsyncOf(
        async () =>
        {
            try
            {
                return await api.GetAsync(path);
            }
            catch (HttpRequestException)
            {
                // It starts.
                return new Api.ApiAnswer(0, "{}", null, []);
            }
        },
        answer => answer.Status == 200 && isSo(JsonNode.Parse(answer.Body)!), claim, Patience)).Body)!;
}
