using Millrace.Api.Keys;
using Millrace.Domain.Identity;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Sqlite;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

[Collection(OwnProcesses.Name)]
public sealed class AuditorTests
{
    [Fact]
    public async Task A_served_store_with_a_wrong_row_is_told_of_by_the_log_the_metric_the_api_and_the_console()
    {
        using var folder = new TemporaryFolder();
        var settings = new ServerSettings(folder["node"]) { More = ["--audit-rate", "5000"] };
        var key = NewKey.Of(settings, "acme", Scopes.Admin | Scopes.SystemOperate);
        using var api = new ApiClient(settings.Address, key);
        using var visitor = new ConsoleVisitor(settings.Address);
        string order;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            await api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item());
            await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 5), "receipt");
            order = (await api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), "k", "Prefer: wait=30")).Id();
            // The store has it with the next checkpoint.
            await Eventually.Async(async () => (await api.GetAsync("/v1/orders?status=confirmed"))["data"].AsArray().Count == 1, "it is listed");
            await visitor.SignInAsync(key);
            Assert.Contains("None: every row that was checked keeps its promises.", (await visitor.GetAsync("/auditor")).Body, StringComparison.Ordinal);
            Assert.Equal(0, await server.StopAsync());
        }

        await ForgeAsync(settings.DataDirectory, order);
        await using var again = await ServerProcess.StartAsync(settings);
        var status = await Eventually.AsyncOf(() => api.GetAsync("/v1/auditor"), answer => (long)answer["violations"] > 0, "the auditor has come by");
        var finding = Assert.Single(status["findings"].AsArray())!;
        Assert.Equal((19, order), ((int)finding["invariant"]!, (string)finding["subject"]!));
        var page = (await visitor.GetAsync("/auditor")).Body;
        Assert.Contains($"href=\"/orders/{order}\"", page, StringComparison.Ordinal);
        Assert.Contains("A promise is broken in the store", page, StringComparison.Ordinal);
        Assert.Matches("""millrace_audit_violations_total\{[^}]*invariant="19"[^}]*\} 1""", (await api.GetAsync("/metrics")).Body);
        var words = await Eventually.AsyncOf(() => Task.FromResult(again.Process.Words), words => words.Contains("Promise 19 is broken", StringComparison.Ordinal), "the log tells it");
        Assert.Contains(order, words, StringComparison.Ordinal);
        Assert.DoesNotContain("somebody else", words, StringComparison.Ordinal);
    }

    // As an owner would write it: the store itself finds nothing wrong.
    private static async Task ForgeAsync(string folder, string order)
    {
        await using var store = SqliteStore.Open(new SqliteStoreOptions { DataDirectory = folder });
        Assert.True(OrderId.TryParse(order, out var id));
        var claim = await store.ClaimAsync(id.Partition, "forger", CancellationToken.None);
        var state = (await store.LoadPartitionAsync(id.Partition, CancellationToken.None)).State;
        var row = (await store.FindOrderAsync(id, CancellationToken.None))!.Value with { CustomerId = "somebody else" };
        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(id.Partition, claim.Epoch, claim.Seq, state, [row], [], [])));
        await store.ReleaseAsync(id.Partition, claim.Epoch, CancellationToken.None);
    }
}
