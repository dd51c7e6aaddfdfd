using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Millrace.Cli.Auditing;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Archive.Orders;
using Millrace.Storage.Postgres.Lists;
using Millrace.Storage.Postgres.Shards;
using Millrace.Tests.EndToEnd;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>What may go wrong with archived orders: each was found wrong once.</summary>
public sealed class OrderArchiveFaultTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly TenantId Tenant = TenantId.Parse("acme");
    private readonly TemporaryFolder _folder = new();
    private PostgresStoreOptions _home = null!;
    private ShardedStore _store = null!;
    private NpgsqlDataSource _source = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _home = new PostgresStoreOptions { ConnectionString = await postgres.NewDatabaseAsync(), PartitionCount = 1, Archive = _folder.Path };
        _store = await OpenAsync(_home);
        _source = NpgsqlDataSource.Create(_home.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _store.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_list_that_ends_at_its_scan_limit_while_rows_leave_leaves_nothing_out()
    {
        // 12 that stay (due) in December, and 12 that leave in February; both in the default table.
        for (var i = 0; i < 12; i++)
        {
            await InsertAsync(Id(2019, 12, i), OrderStatus.Canceled, due: 5);
            await InsertAsync(Id(2020, 2, i), OrderStatus.Completed);
        }

        var query = new OrderQuery(null, null, Limit: 50, ScanLimit: 12, OrderStatus.Canceled);
        using var archive = new OrderArchive(_folder.Path, (Guid)(await ScalarAsync("SELECT store_id FROM store"))!, TimeSpan.FromSeconds(10));
        var (found, first) = (0, true);
        for (OrderId? before = null; ;)
        {
            var page = await archive.ListAsync(query with { Before = before }, null, new Reads(_source, first ? () => ArchiveAsync(fewest: 1) : () => Task.CompletedTask), Ct);
            (found, first) = (found + page.Rows.Count, false);
            if (page.Next is null)
                break;
            before = page.Next;
        }

        Assert.Equal(12, found);
    }

    [Fact]
    public async Task A_list_of_the_last_day_needs_no_archive()
    {
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await ArchiveAsync(fewest: 1);
        await using var other = await OpenAsync(_home with { Archive = null });
        var page = await other.ListOrdersAsync(new OrderQuery(Tenant, null, 10, CreatedAfterUnixMs: DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds()), Ct);
        Assert.Empty(page.Rows);
    }

    [Theory]
    [InlineData("null manifest")]
    [InlineData("unreadable manifest")]
    [InlineData("damaged tenant")]
    public async Task Whatever_is_wrong_with_a_folder_is_the_archive_being_away(string damage)
    {
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await ArchiveAsync(fewest: 1);
        var folder = Directory.EnumerateDirectories(_folder.Path).Single();
        var manifest = Path.Combine(folder, "archive.json");
        if (damage == "null manifest")
            await File.WriteAllTextAsync(manifest, "null", Ct);
        if (damage == "unreadable manifest")
        {
            // As root no right is missing; what cannot be opened for another reason throws the same.
            File.Delete(manifest);
            Directory.CreateDirectory(manifest);
        }

        if (damage == "damaged tenant")
            Replace(Path.Combine(folder, "orders.db"), "acme", "ac\0e");
        await using var other = await OpenAsync(_home);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => other.FindOrderAsync(Id(2020, 2, 1), Ct).AsTask());
    }

    [Fact]
    public async Task An_archive_that_falls_silent_before_a_month_was_opened_is_told_too()
    {
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await ArchiveAsync(fewest: 1);
        var manifest = Path.Combine(Directory.EnumerateDirectories(_folder.Path).Single(), "archive.json");
        File.Delete(manifest);
        using (var made = Process.Start("mkfifo", manifest))
            await made.WaitForExitAsync(Ct);
        await using var other = await OpenAsync(_home with { CommitPatience = TimeSpan.FromSeconds(1) });
        var find = Task.Run(() => other.FindOrderAsync(Id(2020, 2, 1), Ct).AsTask(), Ct);
        try
        {
            await Assert.ThrowsAsync<StoreUnavailableException>(() => find.WaitAsync(TimeSpan.FromSeconds(25), Ct));
        }
        finally
        {
            // Whoever reads it goes on.
            await File.WriteAllTextAsync(manifest, "{}", CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_month_whose_file_takes_long_to_read_is_archived()
    {
        await ExecuteAsync("""
            INSERT INTO orders (id, partition, tenant, status, version, doc)
            SELECT ('016ffe0c0c00' || '7000' || '8' || lpad(to_hex(i), 15, '0'))::uuid, 0, 'acme', 9, 1, decode(repeat('00', 200), 'hex') FROM generate_series(1, 100000) i
            """);
        await using var store = await PostgresStore.OpenAsync(_home);
        // The movers' source, whose 10 s are 100 ms here: a file of so much more than these orders takes 10 s.
        await using var source = NpgsqlDataSource.Create(_home.ConnectionString + ";Options=-c idle_in_transaction_session_timeout=100");
        var done = await new OrderArchiver(store, source, _folder.Path).RunAsync(new OrderMonths(31) { Fewest = 1 }, isDryRun: false, Ct);
        Assert.Equal(100_000, Assert.Single(done).Orders);
    }

    [Fact]
    public async Task A_month_of_which_too_many_stay_keeps_no_later_month_back()
    {
        await ExecuteAsync("CREATE TABLE orders_202001 PARTITION OF orders FOR VALUES FROM ('016f5e66-e800-0000-0000-000000000000') TO ('016ffe0c-0c00-0000-0000-000000000000')");
        await ExecuteAsync("""
            INSERT INTO orders (id, partition, tenant, status, version, attention, doc)
            SELECT ('016f5e66e800' || '7000' || '8' || lpad(to_hex(i), 15, '0'))::uuid, 0, 'acme', 3, 1, 'psp_unknown', '' FROM generate_series(1, 100001) i
            """);
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        var months = await _store.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: false, static _ => { }, Ct, fewest: 1);
        Assert.Equal([(0L, 100_001L, "more than 100000 of its orders are not finished"), (1L, 0L, null)], months.Select(month => (month.Orders, month.Stay, month.Why)));
        Assert.Equal((0L, 1L), (await ScalarAsync("SELECT count(*) FROM pg_trigger WHERE tgname = 'order_changed'"), await ScalarAsync("SELECT count(*) FROM order_archive")));
    }

    [Fact]
    public async Task An_index_of_a_file_that_is_damaged_is_found_by_verify()
    {
        for (var i = 0; i < 10; i++)
            await InsertAsync(Id(2020, 2, i), OrderStatus.Completed);
        await ArchiveAsync(fewest: 1);
        Assert.Equal([true], await _store.VerifyArchiveAsync(Ct).Select(month => month.IsWhole).ToListAsync(Ct));
        var file = Path.Combine(Directory.EnumerateDirectories(_folder.Path).Single(), "orders.db");
        // In the index the tenant stands before the id, in the table behind it.
        Replace(file, [.. Encoding.ASCII.GetBytes("acme"), .. Bytes(Id(2020, 2, 5))], [.. Encoding.ASCII.GetBytes("acmd"), .. Bytes(Id(2020, 2, 5))]);
        await using var other = await OpenAsync(_home);
        Assert.Equal([false], await other.VerifyArchiveAsync(Ct).Select(month => month.IsWhole).ToListAsync(Ct));
    }

    [Fact]
    public async Task An_archiver_that_is_given_another_folder_than_before_refuses()
    {
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await ArchiveAsync(fewest: 1);
        await InsertAsync(Id(2020, 3, 1), OrderStatus.Completed);
        using var mistaken = new TemporaryFolder();
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => _store.ArchiveOrdersAsync(mistaken.Path, 31, false, static _ => { }, Ct, fewest: 1));
        Assert.Contains("is not the archive of 'home'", refused.Message, StringComparison.Ordinal);
        await using var node = await OpenAsync(_home);
        Assert.Equal(2, (await node.ListOrdersAsync(new OrderQuery(null, null, 100), Ct)).Rows.Count);
    }

    [Fact]
    public async Task A_row_counts_in_a_list_as_it_does_when_it_is_asked_for()
    {
        var id = Id(2020, 2, 1);
        await InsertAsync(id, OrderStatus.Completed, version: 5);
        await ArchiveAsync(fewest: 1);
        // As after a move that began anew because its source had lost commits.
        await InsertAsync(id, OrderStatus.Canceled, version: 4);
        Assert.Equal(4, (await _store.FindOrderAsync(id, Ct))!.Value.Version);
        Assert.Equal(4, (await _store.ListOrdersAsync(new OrderQuery(null, null, 10), Ct)).Rows.Single().Version);
    }

    [Fact]
    public async Task An_archiver_that_waits_for_a_vacuum_stands_in_nobodys_way()
    {
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await using var vacuum = await _source.OpenConnectionAsync(Ct);
        await using var running = await vacuum.BeginTransactionAsync(Ct);
        await using (var locked = new NpgsqlCommand("LOCK TABLE orders_other IN SHARE UPDATE EXCLUSIVE MODE", vacuum, running))
            await locked.ExecuteNonQueryAsync(Ct);
        var archiving = ArchiveAsync(fewest: 1);
        // It waits longer than a second, after which the server ends a vacuum of its own; nobody queues behind it.
        await Eventually.Async(async () => await ScalarAsync("SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'ShareUpdateExclusiveLock'") is 1L, "it waits");
        await InsertAsync(Id(2020, 2, 2), OrderStatus.Completed);
        Assert.Equal(2, (await _store.ListOrdersAsync(new OrderQuery(null, null, 100), Ct)).Rows.Count);
        Assert.False(archiving.IsCompleted);
        await running.RollbackAsync(Ct);
        await archiving;
        Assert.Equal(0L, await ScalarAsync("SELECT count(*) FROM orders"));
    }

    [Theory]
    [InlineData("whole", false, true)]
    [InlineData("damaged", true, false)]
    [InlineData("away", false, false)]
    public async Task An_auditor_tells_of_a_damaged_order_in_a_file_and_of_none_while_the_archive_is_away(string file, bool isTold, bool isSwept)
    {
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await ArchiveAsync(fewest: 1);
        if (file == "away")
            Directory.Delete(Directory.EnumerateDirectories(_folder.Path).Single(), recursive: true);
        if (file == "damaged")
            Replace(Path.Combine(Directory.EnumerateDirectories(_folder.Path).Single(), "orders.db"), [1, 2, 3], [1, 2, 4]);
        await using var store = await OpenAsync(_home);
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        using var auditor = new Auditor(
            Auditor.DefaultRowsPerSecond, new AuditedNode(store, store, 1, static _ => true, () => 0), new AuditorMetrics(services.GetRequiredService<IMeterFactory>()), time, NullLogger<Auditor>.Instance);
        bool IsTold() => auditor.Read().Findings.Any(found => found.Subject == "orders");
        for (var turns = 0; turns < 50 && auditor.Read().LastSweep is null && !IsTold(); turns++)
            time.Advance(await auditor.TurnAsync(Ct));
        // What could not be read through is no sweep.
        Assert.Equal((isTold, isSwept), (IsTold(), auditor.Read().LastSweep is not null));
    }

    [Theory]
    [InlineData("a b#c")]
    [InlineData("a%41b")]
    [InlineData("a?b;c='d")]
    [InlineData("ä€")]
    public async Task An_archive_may_have_any_name(string name)
    {
        var folder = Directory.CreateDirectory(_folder[name]).FullName;
        await InsertAsync(Id(2020, 2, 1), OrderStatus.Completed);
        await _store.ArchiveOrdersAsync(folder, 31, isDryRun: false, static _ => { }, Ct, fewest: 1);
        await using var store = await OpenAsync(_home with { Archive = folder });
        Assert.NotNull(await store.FindOrderAsync(Id(2020, 2, 1), Ct));
    }

    [Fact]
    public async Task Thousands_that_change_in_the_last_moment_stay()
    {
        await ExecuteAsync("CREATE TABLE orders_202001 PARTITION OF orders FOR VALUES FROM ('016f5e66-e800-0000-0000-000000000000') TO ('016ffe0c-0c00-0000-0000-000000000000')");
        await ExecuteAsync("""
            INSERT INTO orders (id, partition, tenant, status, version, doc)
            SELECT ('016f5e66e800' || '7000' || '8' || lpad(to_hex(i), 15, '0'))::uuid, 0, 'acme', 9, 1, decode(repeat('00', 200), 'hex') FROM generate_series(1, 20000) i
            """);
        await _store.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: false, step =>
        {
            if (step == "home: verified 2020-01")
                ExecuteAsync("UPDATE orders SET version = 2 WHERE id < '016f5e66-e800-7000-8000-000000001388'").GetAwaiter().GetResult();
        }, Ct, fewest: 100_000);
        Assert.Equal((4_999L, 4_999L), (await ScalarAsync("SELECT count(*) FROM orders WHERE version = 2"), await ScalarAsync("SELECT count(*) FROM orders")));
    }

    [Theory]
    [InlineData("rows copied")]
    [InlineData("fenced")]
    [InlineData("switched")]
    public async Task Months_that_are_archived_in_both_databases_at_any_step_of_a_move_lose_nothing(string step)
    {
        var options = new ShardedStoreOptions { Home = _home, Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await postgres.NewDatabaseAsync() } };
        await using var store = await ShardedStore.OpenAsync(options, Ct);
        var ids = Enumerable.Range(0, 24).Select(n => Id(2020, 1 + (n % 2), n)).ToList();
        var log = await PartitionLog.ClaimAsync(store, 0);
        var version = 0;
        async Task WriteAsync(IEnumerable<OrderId> changed)
        {
            version++;
            Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([log.Next()]));
            Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(0, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty,
                [.. changed.Select(id => new OrderRow(id, Tenant, OrderStatus.Completed, version, "c", null, null, Bytes(id)))], [], [])));
        }

        async Task ArchiveBothAsync()
        {
            await using var archiver = await ShardedStore.OpenAsync(options, Ct);
            await archiver.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: false, static _ => { }, Ct, fewest: 1);
        }

        async Task CheckAsync()
        {
            var rows = (await store.ListOrdersAsync(new OrderQuery(Tenant, null, 1_000), Ct)).Rows;
            Assert.Equal(ids.Order().Reverse(), rows.Select(row => row.Id));
            foreach (var row in rows)
                Assert.Equal(row.Version, (await store.FindOrderAsync(row.Id, Ct))!.Value.Version);
            Assert.Equal(version, rows.Max(row => row.Version));
        }

        await WriteAsync(ids);
        foreach (var target in new[] { "b", "home", "b" })
        {
            var isDone = false;
            for (var tries = 0; !isDone; tries++)
            {
                try
                {
                    await store.MoveAsync(0, target, done =>
                    {
                        if (done == step && tries < 2)
                        {
                            ArchiveBothAsync().GetAwaiter().GetResult();
                            CheckAsync().GetAwaiter().GetResult();
                        }
                    }, Ct);
                    isDone = true;
                }
                catch (StoreUnavailableException) when (tries < 5)
                {
                    // The archiver had a table for itself when the move needed it: it is run again.
                }
            }

            await CheckAsync();
            log = await PartitionLog.ClaimAsync(store, 0);
            await WriteAsync(ids.Where((_, n) => n % 3 == 0));
            await CheckAsync();
            await ArchiveBothAsync();
            await CheckAsync();
            await WriteAsync(ids.Where((_, n) => n % 5 == 0));
            await CheckAsync();
        }
    }

    private static Task<ShardedStore> OpenAsync(PostgresStoreOptions home) =>
        ShardedStore.OpenAsync(new ShardedStoreOptions { Home = home, Shards = new Dictionary<string, string>(StringComparer.Ordinal) }, Ct);

    private Task ArchiveAsync(int fewest) => _store.ArchiveOrdersAsync(_folder.Path, 31, isDryRun: false, static _ => { }, Ct, fewest);

    private static OrderId Id(int year, int month, int n) => OrderId.Create(new DateTimeOffset(year, month, 3, 0, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds() + n, 0, (ulong)n);

    private static byte[] Bytes(OrderId id)
    {
        var bytes = new byte[OrderId.ByteLength];
        id.WriteTo(bytes);
        return bytes;
    }

    private static void Replace(string file, string old, string with) => Replace(file, Encoding.ASCII.GetBytes(old), Encoding.ASCII.GetBytes(with));

    private static void Replace(string file, byte[] old, byte[] with)
    {
        var bytes = File.ReadAllBytes(file);
        var replaced = 0;
        for (int at, from = 0; (at = bytes.AsSpan(from).IndexOf(old)) >= 0; from += at + old.Length, replaced++)
            with.CopyTo(bytes, from + at);
        Assert.True(replaced > 0);
        File.WriteAllBytes(file, bytes);
    }

    private Task InsertAsync(OrderId id, OrderStatus status, long? due = null, int version = 3) => ExecuteAsync(
        $"INSERT INTO orders (id, partition, tenant, status, version, customer, due_at, doc) VALUES ('{OrderLister.Key(id)}', 0, 'acme', {(int)status}, {version}, NULL, {due?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "NULL"}, '\\x010203')");

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Ct);
    }

    private async Task<object?> ScalarAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(Ct);
    }

    // As a store reads, and something happens behind its first statement.
    private sealed class Reads(NpgsqlDataSource source, Func<Task> behindTheFirst) : OrderReads
    {
        private bool _isFirst = true;

        protected override async Task<List<T>> ReadAsync<T>(string sql, Action<NpgsqlParameterCollection> bind, Func<NpgsqlDataReader, T> read)
        {
            var rows = new List<T>();
            await using (var command = source.CreateCommand(sql))
            {
                bind(command.Parameters);
                await using var reader = await command.ExecuteReaderAsync(Ct);
                while (await reader.ReadAsync(Ct))
                    rows.Add(read(reader));
            }

            if (_isFirst)
            {
                _isFirst = false;
                await behindTheFirst();
            }

            return rows;
        }
    }
}
