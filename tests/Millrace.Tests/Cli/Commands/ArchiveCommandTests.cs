using Millrace.Cli.Client;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;
using Millrace.Tests.Storage;
using Millrace.Tests.Storage.Postgres;
using Xunit;

namespace Millrace.Tests.Cli.Commands;

/// <summary><c>archive</c>: what it is asked for, and what it tells.</summary>
[Collection(CliServers.Name)]
public sealed class ArchiveCommandTests(PostgresFixture postgres) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Months_of_orders_are_archived_when_they_are_asked_for()
    {
        var database = await postgres.NewDatabaseAsync();
        await FillAsync(database);
        string[] archive = ["archive", "--postgres", database, "--to", _folder.Path, "--json", "-"];
        Assert.Contains("0 days of the journal, 0 months of orders archived", (await CliRun.OfAsync(Acting.Done, archive)).Output, StringComparison.Ordinal);
        var dry = await CliRun.OfAsync(Acting.Done, [.. archive, "--orders-older-than", "400d", "--dry-run"]);
        Assert.Contains("1 month of orders would be archived", dry.Output, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));

        var done = await CliRun.OfAsync(Acting.Done, [.. archive, "--orders-older-than", "400d"]);
        var month = System.Text.Json.Nodes.JsonNode.Parse(done.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1])!["months"]![0]!;
        Assert.Equal(("2020-05", 1_200L, 0L, true), ((string)month["month"]!, (long)month["orders"]!, (long)month["stay"]!, (long)month["bytes"]! > 0));
        Assert.Contains("home: removed 2020-05", done.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--orders-older-than is a number of days such as 400d, and at least 31d", "--orders-older-than", "30d")]
    [InlineData("--orders-older-than is a number of days such as 400d, and at least 31d", "--orders-older-than", "12mo")]
    [InlineData("--older-than is a number of days such as 400d, and at least 1d", "--older-than", "0d")]
    public async Task What_is_no_age_is_told_before_anything_is_opened(string told, string option, string value) => Assert.Contains(
        told, (await CliRun.OfAsync(Acting.Usage, "archive", "--postgres", "Host=nowhere.invalid", "--to", _folder.Path, option, value)).Errors, StringComparison.Ordinal);

    private static async Task FillAsync(string database)
    {
        await using var store = await ShardedStore.OpenAsync(
            new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = database, PartitionCount = 1 } }, TestContext.Current.CancellationToken);
        var log = await PartitionLog.ClaimAsync(store, 0);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));
        var at = new DateTimeOffset(2020, 5, 5, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(0, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty, [.. Enumerable.Range(0, 1_200).Select(i => new OrderRow(
            OrderId.Create(at + i, 0, (ulong)i), TenantId.Parse("acme"), OrderStatus.Completed, 9, null, null, null, new byte[] { 1, 2, 3 }))], [], [])));
    }
}
