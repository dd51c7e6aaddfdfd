using System.Globalization;
using Microsoft.Data.Sqlite;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Archive;
using Millrace.Storage.Postgres.Lists;
using Millrace.Storage.Postgres.Shards;
using Millrace.Tests.EndToEnd;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>Months of a real database's orders that become files: nothing that anybody can ask for may change by it.</summary>
public sealed class OrderArchiveTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const int Partitions = 4;
    private static readonly TenantId[] Tenants = [TenantId.Parse("acme"), TenantId.Parse("zeta")];
    private readonly TemporaryFolder _folder = new();
    private readonly SortedDictionary<OrderId, OrderRow> _expected = [];
    private readonly Dictionary<int, PartitionLog> _logs = [];
    private ShardedStoreOptions _options = null!;
    private ShardedStore _store = null!;
    private ListReplica _replica = null!;

    private string Home => _options.Home.ConnectionString;

    public async ValueTask InitializeAsync()
    {
        _options = new ShardedStoreOptions
        {
            Home = new PostgresStoreOptions { ConnectionString = await postgres.NewDatabaseAsync(), PartitionCount = Partitions, Archive = _folder.Path },
        };
        _store = await ShardedStore.OpenAsync(_options);
        _replica = _store.OpenReplica(Home);
        // The second month has no table of its own.
        await ExecuteAsync("CREATE TABLE orders_202001 PARTITION OF orders FOR VALUES FROM ('016f5e66-e800-0000-0000-000000000000') TO ('016ffe0c-0c00-0000-0000-000000000000')");
        foreach (var partition in new[] { 0, 1 })
            _logs[partition] = await PartitionLog.ClaimAsync(_store, partition);
        var days = new[] { At(2020, 1, 1), At(2020, 1, 31), At(2020, 2, 1), DateTimeOffset.UtcNow };
        await CheckpointAsync([.. days.SelectMany((day, d) => Enumerable.Range(0, 12).Select(i => Row(
            OrderId.Create(day.ToUnixTimeMilliseconds() + i, i % 2, (ulong)((d * 100) + i)), version: 3 + (i % 3), Tenants[i % 3 == 0 ? 1 : 0], i % 5)))]);
        await CheckpointAsync([Row(Id(0), 7, _expected[Id(0)].Tenant, 1) with { DueAtUnixMs = 5 }, Row(Id(1), 8, _expected[Id(1)].Tenant, 1) with { Attention = "psp_unknown" }]);
    }

    public async ValueTask DisposeAsync()
    {
        await _replica.DisposeAsync();
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("noting 2020-01")]
    [InlineData("written 2020-01")]
    [InlineData("verified 2020-01")]
    [InlineData("removing 2020-01")]
    [InlineData("removed 2020-01")]
    [InlineData("cleared 2020-01")]
    [InlineData("written 2020-02")]
    [InlineData("removing 2020-02")]
    [InlineData("removed 2020-02")]
    public async Task An_archiver_that_is_killed_at_any_step_is_gone_on_with_and_every_answer_stays_the_same(string step)
    {
        await AnswersAreAsExpectedAsync();
        await KillAtAsync(step);
        await AnswersAreAsExpectedAsync();
        await ChangeAsync(Id(2), Id(15), Id(27));
        await AnswersAreAsExpectedAsync();

        await ArchiveAsync();
        await AnswersAreAsExpectedAsync();
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM pg_trigger WHERE tgname = 'order_changed'"));
        Assert.Equal(0, await CountAsync("SELECT count(*) FROM pg_class WHERE relname = 'orders_202001'"));
        // This month's, and what is not finished; what changed after its month had left, until it is worth another file.
        Assert.InRange(await CountAsync("SELECT count(*) FROM orders"), 12 + 2, 12 + 2 + 3);
        Assert.DoesNotContain(await ArchiveAsync(), month => month.Orders > 3);
    }

    [Theory]
    [InlineData("noting 2020-01")]
    [InlineData("written 2020-01")]
    [InlineData("verified 2020-01")]
    [InlineData("removing 2020-01")]
    [InlineData("written 2020-02")]
    [InlineData("verified 2020-02")]
    [InlineData("removed 2020-02")]
    public async Task What_changes_while_its_month_is_archived_is_never_an_earlier_version(string step)
    {
        await ArchiveAsync(after: async done =>
        {
            if (done == "home: " + step)
                await ChangeAsync(Id(2), Id(3), Id(27));
        });
        await AnswersAreAsExpectedAsync();
        await ArchiveAsync(fewest: 1);
        await AnswersAreAsExpectedAsync();
        await ChangeAsync(Id(2), Id(26));
        await AnswersAreAsExpectedAsync();
        await ArchiveAsync(fewest: 1);
        await AnswersAreAsExpectedAsync();
    }

    [Fact]
    public async Task A_month_is_told_before_it_is_archived_and_one_that_is_not_over_long_enough_stays()
    {
        var told = await _store.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: true, static _ => { }, TestContext.Current.CancellationToken, fewest: 1);
        Assert.Equal([("2020-01", 22L, 2L), ("2020-02", 12L, 0L)], told.Select(month => (month.Month.ToString("yyyy-MM", CultureInfo.InvariantCulture), month.Orders, month.Stay)));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
        Assert.Empty(await ArchiveAsync(days: 36_000));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => ArchiveAsync(days: 30));

        var done = await ArchiveAsync();
        Assert.Equal(told.Select(month => (month.Month, month.Orders, month.Stay)), done.Select(month => (month.Month, month.Orders, month.Stay)));
        Assert.All(done, month => Assert.True(month.Bytes > 0));
        // Neither what is due nor what waits for a person is in a file: a partition starts from the one, people from the other.
        Assert.Equal([Id(0)], (await _store.LoadPartitionAsync(0, CancellationToken.None)).DueOrders.Select(row => row.Id));
        Assert.Equal([Id(1)], (await _store.ListOrdersAsync(new OrderQuery(null, null, 10, NeedsAttention: true), CancellationToken.None)).Rows.Select(row => row.Id));
    }

    [Fact]
    public async Task A_table_that_is_not_what_its_name_says_is_not_dropped()
    {
        await ExecuteAsync("CREATE TABLE orders_201901 PARTITION OF orders FOR VALUES FROM ('01680000-0000-0000-0000-000000000000') TO ('01690000-0000-0000-0000-000000000000')");
        Assert.Contains("holds other orders than those of 2019-01", (await Assert.ThrowsAsync<StoreRefusedException>(() => ArchiveAsync())).Message, StringComparison.Ordinal);
        Assert.Equal(36, await CountAsync("SELECT count(*) FROM orders WHERE id < '01700000-0000-0000-0000-000000000000'"));
    }

    [Fact]
    public async Task A_partition_that_moves_finds_its_archived_orders_in_every_database()
    {
        await _store.DisposeAsync();
        _store = await ShardedStore.OpenAsync(_options with { Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await postgres.NewDatabaseAsync() } });
        foreach (var partition in _logs.Keys)
            _logs[partition] = await PartitionLog.ClaimAsync(_store, partition);
        await ArchiveAsync(fewest: 1);
        foreach (var target in new[] { "b", "home" })
        {
            Assert.True((await _store.MoveAsync(0, target, static _ => { }, CancellationToken.None)).IsMoved);
            _logs[0] = await PartitionLog.ClaimAsync(_store, 0);
            await AnswersAreAsExpectedAsync();
            await ChangeAsync(Id(2), Id(26));
            await AnswersAreAsExpectedAsync();
            await ArchiveAsync(fewest: 1);
            await AnswersAreAsExpectedAsync();
        }
    }

    [Fact]
    public async Task A_file_that_is_damaged_or_missing_is_told_and_takes_nobody_else_along()
    {
        await ArchiveAsync();
        var (orders, file) = (Id(4), Path.Combine(Directory.EnumerateDirectories(_folder.Path, "orders-202001-*").Single(), "orders.db"));
        await using (var other = await ShardedStore.OpenAsync(_options with { Home = _options.Home with { Archive = null } }))
        {
            Assert.Contains("--archive", (await Assert.ThrowsAsync<StoreRefusedException>(() => other.RequireArchiveAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
            Assert.Contains("--archive", (await UnavailableAsync(() => other.FindOrderAsync(orders, CancellationToken.None).AsTask())).Message, StringComparison.Ordinal);
            Assert.NotNull(await other.FindOrderAsync(Id(0), CancellationToken.None));
        }

        await using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using var damage = connection.CreateCommand();
            damage.CommandText = "UPDATE orders SET doc = zeroblob(length(doc)) WHERE id = $id";
            damage.Parameters.AddWithValue("$id", Bytes(orders));
            Assert.Equal(1, damage.ExecuteNonQuery());
        }

        await using var damaged = await ShardedStore.OpenAsync(_options);
        await damaged.RequireArchiveAsync(CancellationToken.None);
        Assert.Contains("is damaged in its archive", (await UnavailableAsync(() => damaged.FindOrderAsync(orders, CancellationToken.None).AsTask())).Message, StringComparison.Ordinal);
        Assert.Equal(_expected[Id(5)].Version, (await damaged.FindOrderAsync(Id(5), CancellationToken.None))!.Value.Version);
        // A list with a hole would be a lie; the newest page has none.
        await UnavailableAsync(() => AllAsync(damaged, new OrderQuery(null, null, 100)));
        Assert.Equal(10, (await damaged.ListOrdersAsync(new OrderQuery(null, null, 10), CancellationToken.None)).Rows.Count);

        await File.WriteAllBytesAsync(file, [1, 2, 3], TestContext.Current.CancellationToken);
        await using var missing = await ShardedStore.OpenAsync(_options);
        Assert.Contains("orders.db is not as long", (await Assert.ThrowsAsync<StoreRefusedException>(() => missing.RequireArchiveAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_archiver_that_waits_for_a_backup_holds_no_checkpoint_up()
    {
        await using var source = NpgsqlDataSource.Create(Home);
        await using var backup = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var reading = await backup.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var read = new NpgsqlCommand("LOCK TABLE orders IN ACCESS SHARE MODE", backup, reading))
            await read.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var archiving = ArchiveAsync();
        await Eventually.Async(async () => await CountAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") > 0, "it waits for the backup");
        await ChangeAsync(Id(2));
        Assert.False(archiving.IsCompleted);
        await reading.RollbackAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, (await archiving).Count);
        await AnswersAreAsExpectedAsync();
    }

    // Everything that the store can be asked about orders, also by pages, also of the replica.
    private async Task AnswersAreAsExpectedAsync()
    {
        foreach (var (id, row) in _expected)
            Assert.Equal(Text(row), Text((await _store.FindOrderAsync(id, CancellationToken.None))!.Value));
        Assert.Null(await _store.FindOrderAsync(OrderId.Create(At(2020, 1, 15).ToUnixTimeMilliseconds(), 0, 1), CancellationToken.None));
        (TenantId?, string?, OrderStatus?)[] filters =
        [
            (null, null, null), (null, null, OrderStatus.Completed), (Tenants[0], null, null), (Tenants[0], null, OrderStatus.Canceled),
            (Tenants[0], "c1", null), (Tenants[1], "c1", OrderStatus.Completed),
        ];
        foreach (var (tenant, customer, status) in filters)
        {
            var query = new OrderQuery(tenant, null, Limit: 7, ScanLimit: 12, status, customer);
            await ListsAsExpectedAsync(query);
            await ListsAsExpectedAsync(query with { Limit = 1_000, ScanLimit = 10_000, CreatedAfterUnixMs = At(2020, 1, 31).ToUnixTimeMilliseconds() + 3 });
        }
    }

    private async Task ListsAsExpectedAsync(OrderQuery query)
    {
        var expected = _expected.Values.Reverse().Where(row => (query.Tenant ?? row.Tenant) == row.Tenant && (query.Status ?? row.Status) == row.Status
            && (query.CustomerId ?? row.CustomerId) == row.CustomerId && row.Id.CreatedAtUnixMs >= (query.CreatedAfterUnixMs ?? 0)).Select(Text).ToList();
        Assert.Equal(expected, (await AllAsync(_store, query)).Select(Text));
        if (query.Tenant is null || await CountAsync("SELECT count(*) FROM partition_place WHERE shard <> 'home'") > 0)
            return;
        var page = await _replica.ListOrdersAsync(query with { Limit = 1_000, ScanLimit = 10_000 }, [], CancellationToken.None);
        // Of what it cannot know alone it gives no page.
        Assert.Equal(await CountAsync("SELECT count(*) FROM order_archive") > 0, page is null);
        if (page is not null)
            Assert.Equal(expected, page.Value.Page.Rows.Select(Text));
    }

    private static async Task<List<OrderRow>> AllAsync(IReadModel store, OrderQuery query)
    {
        var rows = new List<OrderRow>();
        for (OrderId? before = null; ;)
        {
            var page = await store.ListOrdersAsync(query with { Before = before }, CancellationToken.None);
            rows.AddRange(page.Rows);
            if (page.Next is null)
                return rows;
            Assert.True(before is null || page.Next < before, "the cursor goes on");
            before = page.Next;
        }
    }

    // A change as the pipeline makes one: the next version, canceled or completed in turns.
    private async Task ChangeAsync(params OrderId[] orders) => await CheckpointAsync([.. orders.Select(id => Row(
        id, _expected[id].Version + 1, _expected[id].Tenant, 1, _expected[id].Status == OrderStatus.Canceled ? OrderStatus.Completed : OrderStatus.Canceled))]);

    private async Task CheckpointAsync(IReadOnlyList<OrderRow> rows)
    {
        foreach (var part in rows.GroupBy(row => row.Id.Partition))
        {
            var log = _logs[part.Key];
            Assert.Equal([AppendOutcome.Appended], await _store.AppendAsync([log.Next()]));
            Assert.True(await _store.CheckpointAsync(new PartitionCheckpoint(part.Key, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty, [.. part], [], [])));
        }

        foreach (var row in rows)
            _expected[row.Id] = row;
    }

    private async Task KillAtAsync(string step)
    {
        await using var source = NpgsqlDataSource.Create(Home);
        await using var archiver = await ShardedStore.OpenAsync(_options);
        await Assert.ThrowsAnyAsync<Exception>(() => ArchiveAsync(archiver, after: async done =>
        {
            if (done != "home: " + step)
                return;
            // Its session ends with it, and nothing of it is undone but what was not committed.
            await using var end = source.CreateCommand("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
            await end.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            throw new NotSupportedException();
        }));
    }

    private Task<IReadOnlyList<ArchivedOrders>> ArchiveAsync(int days = 31, int fewest = 10, Func<string, Task>? after = null) => ArchiveAsync(_store, days, fewest, after);

    private Task<IReadOnlyList<ArchivedOrders>> ArchiveAsync(ShardedStore store, int days = 31, int fewest = 10, Func<string, Task>? after = null) =>
        store.ArchiveOrdersAsync(_folder.Path, days, isDryRun: false, step => (after?.Invoke(step) ?? Task.CompletedTask).GetAwaiter().GetResult(), CancellationToken.None, fewest);

    // The n-th order that was placed.
    private OrderId Id(int n) => _expected.Keys.ElementAt(n);

    private static OrderRow Row(OrderId id, int version, TenantId tenant, int customer, OrderStatus status = OrderStatus.Completed) =>
        new(id, tenant, status, version, customer == 0 ? null : "c" + customer, null, null, Bytes(id).Concat(BitConverter.GetBytes(version)).ToArray());

    private static byte[] Bytes(OrderId id)
    {
        var bytes = new byte[OrderId.ByteLength];
        id.WriteTo(bytes);
        return bytes;
    }

    private static string Text(OrderRow row) => $"{row with { Document = default }} {Convert.ToHexString(row.Document.Span)}";

    private static DateTimeOffset At(int year, int month, int day) => new(year, month, day, 0, 0, 0, TimeSpan.Zero);

    private static Task<StoreUnavailableException> UnavailableAsync<T>(Func<Task<T>> read) => Assert.ThrowsAsync<StoreUnavailableException>(() => read());

    private Task<long> CountAsync(string sql) => PostgresFixture.CountAsync(Home, sql);

    private Task ExecuteAsync(string sql) => PostgresFixture.ExecuteAsync(Home, sql);
}
