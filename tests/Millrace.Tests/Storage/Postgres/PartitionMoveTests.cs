using Millrace.Cli.Children;
using Millrace.Domain.Identity;
using Millrace.Domain.Orders;
using Millrace.Engine.Journal;
using Millrace.Engine.ReadModel;
using Millrace.Storage.Postgres;
using Millrace.Storage.Postgres.Shards;
using Npgsql;
using Xunit;

namespace Millrace.Tests.Storage.Postgres;

/// <summary>Moves of a partition between real databases: ended at every step, taken over, met by old owners.</summary>
public sealed class PartitionMoveTests(PostgresFixture postgres)
{
    private const int Partitions = 4;
    private static readonly TenantId Acme = TenantId.Parse("acme");

    private static readonly string[] Steps =
        ["begun", "entered", "rows copied", "log copied", "copied", "caught up", "fenced", "tail copied", "switched", "arrived", "removed", "left"];

    [Fact]
    public async Task A_move_that_ends_at_any_step_is_gone_on_with_and_nothing_is_lost()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await using var other = await ShardedStore.OpenAsync(options);
        var (log, rows) = await FillAsync(store, 2);
        var (source, target) = ("home", "b");
        foreach (var step in Steps)
        {
            var written = await store.ReadAllOfAsync(2);
            await Assert.ThrowsAsync<InvalidDataException>(() => store.MoveAsync(2, target, done => _ = done == step ? throw new InvalidDataException("killed") : 0, CancellationToken.None));
            Assert.True((await HeadsAsync(options)).Count <= 1, step);
            Assert.Equal(rows.Count, (await store.ListOrdersAsync(new OrderQuery(null, null, 1000), CancellationToken.None)).Rows.Count);

            // Another process goes on.
            Assert.True((await other.MoveAsync(2, target, static _ => { }, CancellationToken.None)).IsMoved);
            Assert.Equal([target], await HeadsAsync(options));
            Assert.Empty(await other.FindMisplacedAsync(CancellationToken.None));
            Assert.Equal([AppendOutcome.Fenced], await store.AppendAsync([log.Next()]));

            var claim = await PartitionLog.ClaimAsync(store, 2);
            Assert.Equal(target == "b" ? 1 : 0, store.WriterOf(2));
            Assert.Equal((written[^1].LastSeq, written[^1].Chain), (claim.Seq, claim.Chain));
            JournalAssertions.Same(written, await store.ReadAllOfAsync(2));
            Assert.Equal(rows.Order(), (await store.ListOrdersAsync(new OrderQuery(null, null, 1000), CancellationToken.None)).Rows.Select(row => row.Id).Order());
            var snapshot = await store.LoadPartitionAsync(2, CancellationToken.None);
            var names = new HashSet<UInt128>();
            await store.ReadNamesAsync(2, hash => names.Add(hash), CancellationToken.None);
            Assert.Equal((written[^1].LastSeq, 1, rows.Count), (snapshot.Seq, snapshot.Stock.Count, names.Count));
            Assert.Equal(rows[0], await store.FindNameAsync(2, 1, CancellationToken.None));
            var left = source == "b" ? options.Shards["b"] : options.Home.ConnectionString;
            Assert.Equal(0, await CountAsync(left, "orders") + await CountAsync(left, "journal") + await CountAsync(left, "name") + await CountAsync(left, "stock"));

            // What its owner decides there goes back with it.
            Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([claim.Next()]));
            Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(2, claim.Epoch, claim.Seq, ReadOnlyMemory<byte>.Empty, [], [], [])));
            (log, source, target) = (claim, target, source);
        }
    }

    [Theory]
    [InlineData("fenced")]
    [InlineData("switched")]
    public async Task Whoever_claims_a_partition_whose_mover_died_in_the_pause_brings_the_move_to_its_end(string step)
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        var (log, _) = await FillAsync(store, 2);
        await Assert.ThrowsAsync<InvalidDataException>(() => store.MoveAsync(2, "b", done => _ = done == step ? throw new InvalidDataException("killed") : 0, CancellationToken.None));
        Assert.Empty(await HeadsAsync(options));
        Assert.False((await store.ConfirmAsync([(2, log.Epoch)], CancellationToken.None))[0]);
        Assert.True(await store.HasMovedAsync(2, log.Epoch, CancellationToken.None));

        var claim = await PartitionLog.ClaimAsync(store, 2);
        Assert.Equal((log.Seq, log.Chain), (claim.Seq, claim.Chain));
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([claim.Next()]));
        Assert.True((await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None)).IsMoved);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([claim.Next()]));
        Assert.Empty(await store.FindMisplacedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task A_source_that_lost_the_end_of_what_was_copied_goes_on_with_the_partition_and_is_copied_anew()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        var (_, rows) = await FillAsync(store, 2);
        var written = await store.ReadAllOfAsync(2);
        await Assert.ThrowsAsync<InvalidDataException>(() => store.MoveAsync(2, "b", done => _ = done == "copied" ? throw new InvalidDataException("killed") : 0, CancellationToken.None));
        // A standby took over that had not heard of the last commit.
        await ExecuteAsync(options.Home.ConnectionString, """
            UPDATE partition_head h SET seq = j.first_seq - 1, chain = j.previous FROM journal j WHERE h.partition = 2 AND j.partition = 2 AND j.last_seq = h.seq;
            UPDATE checkpoint c SET seq = h.seq, chain = h.chain FROM partition_head h WHERE c.partition = 2 AND h.partition = 2;
            DELETE FROM journal j USING partition_head h WHERE j.partition = 2 AND h.partition = 2 AND j.first_seq > h.seq
            """);

        await Assert.ThrowsAsync<JournalCorruptException>(() => store.MoveAsync(2, "b", static _ => { }, CancellationToken.None));
        Assert.Equal(["home"], await HeadsAsync(options));
        var claim = await PartitionLog.ClaimAsync(store, 2);
        Assert.Equal((written[^2].LastSeq, written[^2].Chain), (claim.Seq, claim.Chain));

        Assert.True((await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None)).IsMoved);
        Assert.Equal(["b"], await HeadsAsync(options));
        await PartitionLog.ClaimAsync(store, 2);
        JournalAssertions.Same(written.SkipLast(1), await store.ReadAllOfAsync(2));
        Assert.Equal(rows.Count, (await store.ListOrdersAsync(new OrderQuery(null, null, 1000), CancellationToken.None)).Rows.Count);
    }

    [Fact]
    public async Task What_a_run_has_left_that_was_killed_where_nothing_was_to_be_moved_is_no_later_moves_answer()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await FillAsync(store, 2);
        await ExecuteAsync(
            options.Home.ConnectionString,
            "INSERT INTO partition_move (partition, source, target, stage, attempt) VALUES (2, 'home', 'home', 'copying', nextval('move_attempt'))");

        Assert.True((await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None)).IsMoved);
        Assert.Equal(["b"], await HeadsAsync(options));
        Assert.False((await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None)).IsMoved);
        Assert.Empty((await store.ShowAsync(CancellationToken.None)).Moves);
    }

    [Fact]
    public async Task The_tables_of_the_days_to_come_are_made_wherever_a_database_answers()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        var (home, other) = (options.Home.ConnectionString, options.Shards["b"]);
        const string Days = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'journal'::regclass";
        var days = await PostgresFixture.CountAsync(other, Days);
        await PostgresFixture.ExecuteAsync(other, "DO $$ BEGIN EXECUTE (SELECT 'DROP TABLE ' || max(inhrelid::regclass::text COLLATE \"C\") FROM pg_inherits WHERE inhparent = 'journal'::regclass AND inhrelid::regclass::text ~ '[0-9]$'); END $$");
        Assert.Equal(days - 1, await PostgresFixture.CountAsync(other, Days));

        var name = new NpgsqlConnectionStringBuilder(home).Database;
        await PostgresFixture.ExecuteAsync(other, $"ALTER DATABASE {name} ALLOW_CONNECTIONS false");
        await PostgresFixture.ExecuteAsync(other, $"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.PrepareTimePartitionsAsync(CancellationToken.None));
        Assert.Equal(days, await PostgresFixture.CountAsync(other, Days));
        await PostgresFixture.ExecuteAsync(other, $"ALTER DATABASE {name} ALLOW_CONNECTIONS true");
        await store.PrepareTimePartitionsAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_mover_that_stood_still_while_the_partition_came_back_changes_nothing()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await FillAsync(store, 2);
        await using var other = await ShardedStore.OpenAsync(options);
        foreach (var step in Steps)
        {
            // At this step another one takes over, ends the move, and moves the partition back: only then does the first go on.
            var wasThere = false;
            var stale = store.MoveAsync(2, "b", done =>
            {
                if (done != step || wasThere)
                    return;
                wasThere = true;
                other.MoveAsync(2, "b", static _ => { }, CancellationToken.None).GetAwaiter().GetResult();
                other.MoveAsync(2, "home", static _ => { }, CancellationToken.None).GetAwaiter().GetResult();
            }, CancellationToken.None);
            await Assert.ThrowsAsync<StoreUnavailableException>(() => stale);
            Assert.Equal(["home"], await HeadsAsync(options));
            Assert.Empty(await store.FindMisplacedAsync(CancellationToken.None));
        }

        var claim = await PartitionLog.ClaimAsync(store, 2);
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([claim.Next()]));
        Assert.NotEmpty((await store.ListOrdersAsync(new OrderQuery(null, null, 1000), CancellationToken.None)).Rows);
    }

    // Decided by its last owner before the move, and still with the writer of the database that it has left: it goes to the other's on that writer's thread.
    [Fact]
    public async Task What_waited_while_its_partition_moved_is_fenced_and_disturbs_no_commit_of_the_other_writer()
    {
        var options = await OptionsAsync();
        await using var store = await ShardedStore.OpenAsync(options);
        await store.MoveAsync(1, "b", static _ => { }, CancellationToken.None);
        var (ofB, ofHome, moved) = (await PartitionLog.ClaimAsync(store, 1), await PartitionLog.ClaimAsync(store, 3), await PartitionLog.ClaimAsync(store, 2));
        var late = moved.Next();
        await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None);
        await PartitionLog.ClaimAsync(store, 2);

        var hasBegun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var stop = new CancellationTokenSource();
        var writerOfB = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([ofB.Next()]));
                hasBegun.TrySetResult();
            }
        });
        await hasBegun.Task;
        for (var i = 0; i < 200 && !writerOfB.IsCompleted; i++)
            Assert.Equal([AppendOutcome.Appended, AppendOutcome.Fenced], await store.AppendAsync([ofHome.Next(), late]).AsTask().WaitAsync(TimeSpan.FromSeconds(30)));
        await stop.CancelAsync();
        await writerOfB;
    }

    [Fact]
    public async Task Lists_names_and_orders_are_right_in_a_node_that_has_not_heard_of_the_move()
    {
        var options = await OptionsAsync();
        await using var mover = await ShardedStore.OpenAsync(options);
        var (_, rows) = await FillAsync(mover, 2);
        var (_, neighbours) = await FillAsync(mover, 3);
        await using var other = await ShardedStore.OpenAsync(options);
        await mover.MoveAsync(2, "b", static _ => { }, CancellationToken.None);

        Assert.Equal(rows[0], await other.FindNameAsync(2, 1, CancellationToken.None));
        Assert.Equal(rows[0], (await other.FindOrderAsync(rows[0], CancellationToken.None))!.Value.Id);
        var listed = new List<OrderId>();
        for (OrderId? before = null; ;)
        {
            var page = await other.ListOrdersAsync(new OrderQuery(Acme, before, 700), CancellationToken.None);
            listed.AddRange(page.Rows.Select(row => row.Id));
            if ((before = page.Next) is null)
                break;
        }

        Assert.Equal(rows.Concat(neighbours).OrderDescending(), listed);
    }

    [Fact]
    public async Task A_database_that_dies_holds_up_no_other_and_is_not_needed_to_start()
    {
        await using var server = await PostgresServer.StartAsync(null, TestContext.Current.CancellationToken);
        var options = await OptionsAsync() with
        {
            Shards = new Dictionary<string, string>(StringComparer.Ordinal) { ["b"] = await server.CreateDatabaseAsync("b", TestContext.Current.CancellationToken) },
        };
        await using var store = await ShardedStore.OpenAsync(options);
        await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None);
        var (here, there) = (await PartitionLog.ClaimAsync(store, 1), await PartitionLog.ClaimAsync(store, 2));
        await server.KillAsync();

        var fault = await Assert.ThrowsAnyAsync<Exception>(async () => await store.AppendAsync([there.Next()]));
        Assert.True(fault is StoreUnavailableException or AmbiguousCommitException, fault.ToString());
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([here.Next()]));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await store.ListOrdersAsync(new OrderQuery(null, null, 10), CancellationToken.None));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MoveAsync(1, "b", static _ => { }, CancellationToken.None));
        Assert.Equal([AppendOutcome.Appended], await store.AppendAsync([here.Next()]));

        await using var started = await ShardedStore.OpenAsync(options);
        Assert.Equal(["b"], started.Unreached);
        var next = await PartitionLog.ClaimAsync(started, 1);
        Assert.Equal([AppendOutcome.Appended], await started.AppendAsync([next.Next()]));
        await Assert.ThrowsAsync<StoreUnavailableException>(async () => await started.ClaimAsync(2, "a", CancellationToken.None));

        await server.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(there.Epoch + 1, (await started.ClaimAsync(2, "a", CancellationToken.None)).Epoch);
        Assert.True((await started.MoveAsync(3, "b", static _ => { }, CancellationToken.None)).IsMoved);
    }

    [Fact]
    public async Task What_is_not_the_stores_database_is_refused_with_its_reason()
    {
        var options = await OptionsAsync();
        await using (var store = await ShardedStore.OpenAsync(options))
            await store.MoveAsync(2, "b", static _ => { }, CancellationToken.None);
        var b = options.Shards["b"];

        await RefusedAsync(options with { Shards = new Dictionary<string, string>() }, "Partition 2 is in shard 'b', whose connection string was not given");
        await RefusedAsync(options with { Shards = Given(("b", await postgres.NewDatabaseAsync())) }, "not the one that the store knows by that name");
        await RefusedAsync(options with { Shards = Given(("b", b), ("c", b)) }, "is the store's shard 'b'");
        await RefusedAsync(options with { Shards = Given(("b", b), ("c", options.Home.ConnectionString)) }, "is the store's shard 'home'");
        await RefusedAsync(options with { Shards = Given(("b", b), ("C D", b)) }, "no name for a shard");
        await RefusedAsync(new ShardedStoreOptions { Home = new PostgresStoreOptions { ConnectionString = b } }, "names the store's home");
        var foreign = await OptionsAsync();
        await using (await ShardedStore.OpenAsync(foreign))
            await RefusedAsync(options with { Shards = Given(("b", b), ("c", foreign.Shards["b"])) }, "belongs to another store");
        await ExecuteAsync(b, "DELETE FROM partition_head");
        await RefusedAsync(options, "does not hold partition 2");
    }

    private static Dictionary<string, string> Given(params (string Name, string ConnectionString)[] shards) =>
        shards.ToDictionary(shard => shard.Name, shard => shard.ConnectionString, StringComparer.Ordinal);

    private static async Task RefusedAsync(ShardedStoreOptions options, string reason) => Assert.Contains(
        reason, (await Assert.ThrowsAsync<StoreRefusedException>(() => ShardedStore.OpenAsync(options))).Message, StringComparison.Ordinal);

    private async Task<ShardedStoreOptions> OptionsAsync() => new()
    {
        Home = new PostgresStoreOptions { ConnectionString = await postgres.NewDatabaseAsync(), PartitionCount = Partitions },
        Shards = Given(("b", await postgres.NewDatabaseAsync())),
    };

    // More than a piece of each kind.
    private static async Task<(PartitionLog Log, List<OrderId> Orders)> FillAsync(ShardedStore store, int partition)
    {
        var log = await PartitionLog.ClaimAsync(store, partition);
        for (var i = 0; i < 6; i++)
            await store.AppendAsync(Enumerable.Range(0, 100).Select(_ => log.Next()).ToList());
        var ids = Enumerable.Range(0, 600).Select(i => OrderId.Create(1_000 + i, partition, (ulong)i)).ToList();
        Assert.True(await store.CheckpointAsync(new PartitionCheckpoint(
            partition, log.Epoch, log.Seq, ReadOnlyMemory<byte>.Empty,
            [.. ids.Select(id => new OrderRow(id, Acme, OrderStatus.Pending, 1, "c", null, null, new byte[] { 1, 2, (byte)id.Spread }))],
            [new StockRow(Acme, "tea", new byte[] { 1 })],
            [.. ids.Select((id, i) => new NameRow((UInt128)(ulong)(i + 1), id))])));
        return (log, ids);
    }

    private static async Task<List<string>> HeadsAsync(ShardedStoreOptions options)
    {
        var heads = new List<string>();
        foreach (var (name, database) in options.Shards.Prepend(KeyValuePair.Create("home", options.Home.ConnectionString)))
        {
            if (await CountAsync(database, "partition_head") > 0)
                heads.Add(name);
        }

        return heads;
    }

    private static async Task<long> CountAsync(string database, string table)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand($"SELECT count(*) FROM {table} WHERE partition = 2");
        return (long)(await command.ExecuteScalarAsync(TestContext.Current.CancellationToken))!;
    }

    private static async Task ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
    }
}
