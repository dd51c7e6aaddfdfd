using Millrace.Api.Keys;
using Millrace.Cli.Children;
using Millrace.Cli.Verify;
using Millrace.Tests.Storage;
using Xunit;

namespace Millrace.Tests.EndToEnd;

/// <summary>The steps of docs/backup.md for PostgreSQL, over real servers.</summary>
[Collection(OwnProcesses.Name)]
public sealed class PointInTimeRecoveryTests : IAsyncDisposable
{
    /// <summary>As in docs/backup.md.</summary>
    private const string NewEpochs = "BEGIN; UPDATE partition_head SET epoch = greatest(epoch + 1, (extract(epoch FROM now()) * 1000)::bigint); UPDATE checkpoint c SET epoch = h.epoch FROM partition_head h WHERE h.partition = c.partition; COMMIT";

    private static readonly Dictionary<string, string> Archiving = new(StringComparer.Ordinal)
    {
        ["archive_mode"] = "on",
        ["archive_command"] = "mkdir -p ../archive && test ! -f ../archive/%f && cp %p ../archive/%f",
    };

    private readonly TemporaryFolder _folder = new();
    private PostgresServer? _recovered;

    public async ValueTask DisposeAsync()
    {
        if (_recovered is not null)
            await _recovered.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_database_recovered_to_a_moment_has_the_orders_before_it_and_none_after_without_a_violation()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var lost = await PostgresServer.StartAsync(Archiving, cancellation);
        var settings = new ServerSettings(_folder["keys"]) { More = ["--partitions", "8", "--postgres", lost.ConnectionString] };
        var key = NewKey.OfDatabase(lost.ConnectionString, "acme", Scopes.Admin, partitions: 8);
        using var api = new ApiClient(settings.Address, key);
        List<string> before;
        List<string> after;
        string moment;
        PostgresServer recovered;
        await using (var server = await ServerProcess.StartAsync(settings))
        {
            Assert.Equal(201, (await api.SendAsync("PUT", "/v1/items/MUG", Bodies.Item())).Status);
            Assert.Equal(200, (await api.PostAsync("/v1/stock/adjustments", Bodies.Adjustment("MUG", 1_000), "receipt")).Status);
            before = await PlaceAsync(api, "in the base backup");
            recovered = _recovered = await PostgresServer.BaseBackupOfAsync(lost, cancellation);
            before.AddRange(await PlaceAsync(api, "in the archive"));
            moment = (string)(await lost.ExecuteAsync("SELECT clock_timestamp()::text", cancellation))!;
            after = await PlaceAsync(api, "after the moment");
            Assert.Equal(0, await server.StopAsync());
        }

        var last = (string)(await lost.ExecuteAsync("SELECT pg_walfile_name(pg_switch_wal())", cancellation))!;
        await Eventually.Async(async () => await lost.ExecuteAsync($"SELECT coalesce(last_archived_wal >= '{last}', false) FROM pg_stat_archiver", cancellation) is true, "the log is archived");
        await recovered.RecoverAsync(Path.Combine(lost.DataDirectory, "..", "archive"), moment, cancellation);
        await recovered.ExecuteAsync(NewEpochs, cancellation);

        var report = await StoreVerification.RunPostgresAsync(recovered.ConnectionString, null, cancellation);
        Assert.Equal((0, before.Count), (report.ViolationCount, report.Orders));

        await using (var server = await ServerProcess.StartAsync(settings with { More = ["--postgres", recovered.ConnectionString] }))
        {
            foreach (var order in before)
                Assert.Equal("confirmed", (await api.GetAsync("/v1/orders/" + order)).Text("status"));
            foreach (var order in after)
                (await api.GetAsync("/v1/orders/" + order)).Problem(404, "order_not_found");
            await PlaceAsync(api, "in the new timeline");
            Assert.Equal(0, await server.StopAsync());
        }

        Assert.Equal(0, (await StoreVerification.RunPostgresAsync(recovered.ConnectionString, null, cancellation)).ViolationCount);
    }

    private static async Task<List<string>> PlaceAsync(ApiClient api, string key)
    {
        var orders = new List<string>();
        for (var i = 0; i < 10; i++)
        {
            var answer = await api.PlaceAsync(Bodies.Order("MUG").ToJsonString(), $"{key} {i}", "Prefer: wait=10");
            Assert.True(answer.Status == 201, answer.Body);
            orders.Add(answer.Id());
        }

        return orders;
    }
}
