using System.Diagnostics.Metrics;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Millrace.Cli.Verify;
using Millrace.Cluster;
using Millrace.Cluster.Lanes;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Domain.Stock;
using Millrace.Engine.Codec;
using Millrace.Engine.Journal;
using Millrace.Engine.Partitions;
using Millrace.Engine.Requests;
using Millrace.Gateways;
using Millrace.Simulation.Checkers;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Archive;
using Millrace.Storage.Postgres.Shards;
using Millrace.Tests.Domain;
using Millrace.Tests.EndToEnd;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>Orders whose journal is archived while they are served: by the real lanes, verified with and without the archive.</summary>
public sealed class ArchivedStoreTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const string Backdate = """
        CREATE TABLE journal_20200101 PARTITION OF journal FOR VALUES FROM ('2020-01-01') TO ('2020-01-02');
        UPDATE journal SET written_on = '2020-01-01'
        """;

    private readonly TemporaryFolder _folder = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private string _database = "";
    private ShardedStore _store = null!;
    private PartitionRuntime _runtime = null!;
    private PartitionRouter _router = null!;
    private ulong _ids;

    public async ValueTask InitializeAsync()
    {
        _database = await postgres.NewDatabaseAsync();
        await ServeAsync();
        await _router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.DefineItem(Given.Acme, "tea", "Tea", 1_000, "EUR", 0), "tea", null));
        await _router.SendAsync(new PartitionRequest.ChangeStock(new StockCommand.Adjust(Given.Acme, "tea", "main", 1_000, "receipt", 1), "tea", null));
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Orders_are_whole_and_go_on_after_their_journal_is_archived_and_verify_says_what_it_could_not_check()
    {
        var older = await PlaceAsync("older");
        await SettledAsync(older);
        await EverythingIsCheckpointedAsync();
        await ExecuteAsync(Backdate);
        Assert.True(Assert.Single(await ArchiveAsync()).Done.Single().Records > 0);

        // The order's own document has its history; it goes on, and new ones are placed.
        var canceled = await _router.SendAsync(new PartitionRequest.ChangeOrder(older, Given.Acme, new OrderCommand.Cancel("changed mind"), Given.Shop, null, null));
        Assert.Equal(ReplyStatus.Accepted, canceled.Status);
        Assert.Equal(1, OrderDocument.Read(canceled.Document).First().Version);
        Assert.IsType<OrderEvent.Placed>(OrderDocument.Read(canceled.Document).First().Fact);
        var again = await _router.SendAsync(Request("older"));
        Assert.Equal((ReplyStatus.Replayed, older), (again.Status, again.Order!.Id));
        var newer = await PlaceAsync("newer");
        await SettledAsync(newer);
        await StopAsync();
        await ServeAsync();
        Assert.Equal(OrderStatus.Canceled, (await ReadAsync(older)).Order!.Status);
        await EverythingIsCheckpointedAsync();
        await StopAsync();

        string? notChecked = null;
        var kept = await VerifyAsync(archive: null, words => notChecked = words);
        Assert.True(kept.ViolationCount == 0, string.Join('\n', kept.Violations));
        Assert.Contains("Of 1 orders that were placed in them only the later events were compared, 0 orders have none, and stock was not checked", notChecked, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreRefusedException>(() => VerifyAsync(archive: null, tell: null));

        var whole = await VerifyAsync(_folder.Path, tell: null);
        Assert.True(whole.ViolationCount == 0, string.Join('\n', whole.Violations));
        Assert.Equal((2, true), (whole.Orders, whole.Records > kept.Records));
    }

    [Fact]
    public async Task Verify_finds_what_does_not_fit_with_or_without_the_archive()
    {
        var order = await PlaceAsync("one");
        await SettledAsync(order);
        await EverythingIsCheckpointedAsync();
        await ExecuteAsync(Backdate);
        await ArchiveAsync();
        await _router.SendAsync(new PartitionRequest.ChangeOrder(order, Given.Acme, new OrderCommand.Cancel("changed mind"), Given.Shop, null, null));
        await EverythingIsCheckpointedAsync();
        await StopAsync();

        await ExecuteAsync("UPDATE orders SET version = version + 1");
        Assert.Contains((await VerifyAsync(null, static _ => { })).Violations, found => found.Invariant == 19);
        await ExecuteAsync("UPDATE orders SET version = version - 1");
        await ExecuteAsync("UPDATE journal_archived SET chain = decode(repeat('11', 16), 'hex')");
        Assert.Contains((await VerifyAsync(null, static _ => { })).Violations, found => found.Invariant == 8);
        Assert.Contains((await VerifyAsync(_folder.Path, null)).Violations, found => found.Invariant == 8);
    }

    [Fact]
    public async Task An_archived_order_is_read_changed_and_repeated_like_any_other_and_verify_needs_its_file()
    {
        var (one, two) = (await PlaceAsync("one"), await PlaceAsync("two"));
        await CompleteAsync(one);
        await CompleteAsync(two);
        await EverythingIsCheckpointedAsync();
        // The partitions have both in memory, and learn of nothing.
        Assert.Equal(2, (await _store.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: false, static _ => { }, TestContext.Current.CancellationToken, fewest: 1)).Single().Orders);
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM orders"));
        Assert.Equal(OrderStatus.Completed, (await ReadAsync(two)).Order!.Status);
        await StopAsync();

        await ServeAsync(checkpointEvery: TimeSpan.FromHours(1));
        await RefundAsync(one);
        await StopAsync();
        // No checkpoint has it: the tail goes on with an order that is in a file.
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM orders"));
        await ServeAsync();
        Assert.Equal((OrderStatus.Completed, 10L), ((await ReadAsync(one)).Order!.Status, (await ReadAsync(one)).Order!.Payment!.RefundedMinor));
        var again = await _router.SendAsync(Request("two"));
        Assert.Equal((ReplyStatus.Replayed, two), (again.Status, again.Order!.Id));
        await RefundAsync(two);
        await EverythingIsCheckpointedAsync();
        Assert.Equal(2, await CountAsync("SELECT count(*) FROM orders"));
        await StopAsync();

        var whole = await VerifyAsync(_folder.Path, tell: null);
        Assert.True(whole.ViolationCount == 0, string.Join('\n', whole.Violations));
        Assert.Equal(2, whole.Orders);
        Assert.Contains("--archive", (await Assert.ThrowsAsync<StoreRefusedException>(() => VerifyAsync(archive: null, static _ => { }))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_finds_an_order_that_is_not_in_its_file_as_it_was()
    {
        var order = await PlaceAsync("one");
        await CompleteAsync(order);
        await EverythingIsCheckpointedAsync();
        await _store.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: false, static _ => { }, TestContext.Current.CancellationToken, fewest: 1);
        await StopAsync();
        await using (var file = new SqliteConnection($"Data Source={Directory.EnumerateFiles(_folder.Path, "orders.db", SearchOption.AllDirectories).Single()};Pooling=False"))
        {
            file.Open();
            using var damage = file.CreateCommand();
            damage.CommandText = "UPDATE orders SET version = version - 1";
            Assert.Equal(1, damage.ExecuteNonQuery());
        }

        Assert.Contains((await VerifyAsync(_folder.Path, null)).Violations, found => found.Invariant == 8 && found.What.Contains("is damaged in its archive", StringComparison.Ordinal));
    }

    private async Task<CheckReport> VerifyAsync(string? archive, Action<string>? tell) =>
        await StoreVerification.RunPostgresAsync(_database, null, CancellationToken.None, archive: archive, tell: tell);

    private async Task<IReadOnlyList<ArchiveReport>> ArchiveAsync() =>
        await _store.ArchiveAsync(_folder.Path, 1, isDryRun: false, static _ => { }, TestContext.Current.CancellationToken);

    private async Task ServeAsync(TimeSpan? checkpointEvery = null)
    {
        _store = await ShardedStore.OpenAsync(new ShardedStoreOptions
        {
            Home = new PostgresStoreOptions { ConnectionString = _database, PartitionCount = 2, Archive = _folder.Path }, Shards = new Dictionary<string, string>(),
        });
        _runtime = new PartitionRuntime(
            _store, _store, new InstantPaymentGateway(), new Catalog(), new LaneMetrics(_services.GetRequiredService<IMeterFactory>()),
            new PartitionRuntimeOptions { Lanes = 1, Partition = new PartitionOptions { CheckpointEvery = checkpointEvery ?? TimeSpan.FromMilliseconds(50) } },
            TimeProvider.System, NullLogger<PartitionRuntime>.Instance);
        _router = new PartitionRouter(_runtime);
        _runtime.Start(0);
        _runtime.Start(1);
        await Eventually.Async(() => Task.FromResult(_runtime.IsReady), "both partitions serve");
    }

    private async Task StopAsync()
    {
        _runtime.Dispose();
        await _store.DisposeAsync();
    }

    private PartitionRequest.PlaceOrder Request(string key)
    {
        var partition = new PartitionMap(2).OwnerOfName(NameHash.PlaceKey(Given.Acme, key));
        return new PartitionRequest.PlaceOrder(OrderId.Create(Given.NowMs, partition, ++_ids), Given.Keyed(key), Given.Shop);
    }

    private async Task<OrderId> PlaceAsync(string key)
    {
        var placed = await _router.SendAsync(Request(key));
        Assert.Equal(ReplyStatus.Accepted, placed.Status);
        return placed.Order!.Id;
    }

    private async Task<PartitionReply> ReadAsync(OrderId order) => await _router.SendAsync(new PartitionRequest.ReadOrder(order, Given.Acme));

    private Task SettledAsync(OrderId order) =>
        Eventually.Async(async () => (await ReadAsync(order)).Order is { Status: OrderStatus.Confirmed }, $"{order} is confirmed");

    private Task EverythingIsCheckpointedAsync() => Eventually.Async(async () =>
    {
        await using var source = NpgsqlDataSource.Create(_database);
        await using var command = source.CreateCommand("SELECT bool_and(c.seq = h.seq) FROM checkpoint c JOIN partition_head h USING (partition)");
        return await command.ExecuteScalarAsync(TestContext.Current.CancellationToken) is true;
    }, "everything is checkpointed");

    private async Task CompleteAsync(OrderId order)
    {
        await SettledAsync(order);
        await ChangeAsync(order, new OrderCommand.Ship("dhl", "1"));
        await ChangeAsync(order, new OrderCommand.Deliver());
        await Eventually.Async(async () => (await ReadAsync(order)).Order is { Status: OrderStatus.Completed }, $"{order} is completed");
    }

    private async Task RefundAsync(OrderId order)
    {
        await ChangeAsync(order, new OrderCommand.Refund(10, "broken"));
        await Eventually.Async(async () => (await ReadAsync(order)).Order!.Payment!.RefundedMinor == 10, $"{order} is refunded");
    }

    private async Task ChangeAsync(OrderId order, OrderCommand command) => Assert.Equal(
        ReplyStatus.Accepted, (await _router.SendAsync(new PartitionRequest.ChangeOrder(order, Given.Acme, command, Given.Shop, null, null))).Status);

    private Task<long> CountAsync(string sql) => PostgresFixture.CountAsync(_database, sql);

    private Task ExecuteAsync(string sql) => PostgresFixture.ExecuteAsync(_database, sql);
}
